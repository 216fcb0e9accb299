// Keeps a page up to date: the only script there is. Without it every page works and is reloaded by hand.
"use strict";
(() => {
  const main = () => document.querySelector("main");
  const telling = ["chosen", "measured", "inferred", "alarm", "paused", "resumed", "stopped", "note"];
  let asked = 0;

  // What somebody is writing into a form is never taken away.
  const asShown = (field) => {
    if (field.tagName !== "SELECT") return field.defaultValue;
    const first = [...field.options].find((option) => option.defaultSelected) || field.options[0];
    return first ? first.value : "";
  };
  const writing = () => [...document.querySelectorAll("[data-entry] input:not([type=hidden]), [data-entry] textarea, [data-entry] select")]
    .some((field) => field.value !== asShown(field) && field.value !== "");

  const renew = async () => {
    if (writing()) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!fresh || writing() || fresh.innerHTML === main().innerHTML) return;
    const focus = document.activeElement && document.activeElement.id;
    main().innerHTML = fresh.innerHTML;
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus({ preventScroll: true });
  };

  const soon = (after = 300) => {
    clearTimeout(asked);
    asked = setTimeout(refresh, after);
  };

  // What is still being drawn is asked for again.
  const awaited = () => document.querySelector("[data-soon]") && soon(700);
  const refresh = () => renew().finally(awaited);
  awaited();

  let before = "";
  const working = (work) => {
    const line = document.querySelector("[data-work]"), bar = document.querySelector("[data-progress]");
    if (line) line.textContent = work.stage ? work.stage + (work.total ? `: ${work.done} of ${work.total}` : "") : "";
    if (bar) {
      bar.hidden = !work.total;
      bar.max = work.total || 1;
      bar.value = work.done || 0;
    }
    const now = work.state + work.wished + work.why;
    if (before && now !== before) soon();
    before = now;
  };

  const live = main() && main().dataset.live;
  if (live) {
    const stream = new EventSource(live);
    stream.addEventListener("event", (event) => telling.includes(JSON.parse(event.data).kind) && soon());
    stream.addEventListener("work", (event) => working(JSON.parse(event.data)));
  }
  const seconds = main() && Number(main().dataset.refresh);
  if (seconds) setInterval(() => document.hidden || document.activeElement.matches("input") || refresh(), 1000 * seconds);
})();
