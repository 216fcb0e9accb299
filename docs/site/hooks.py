"""How the site is built without a network: pages that are made, links that lead out of it, equations as MathML."""

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))
from pages import ROOT, pages  # noqa: E402 (beside this file, wherever mkdocs is started)

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
PICTURES = ("experiments/weinberg/chosen_against_random.png",)
MADE_FROM = {"index.md": "", "contributing.md": "", "examples.md": "examples"}
"""In which folder of the repository the links of a page that is made begin."""
HOME = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "examples.md",
    "examples/scientific_method.ipynb": "notebook.md",
}


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401 (mkdocs' own)
    """Add what is not in docs/."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    for path in PICTURES:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ANN401
    """Let links between files of the repository be links between pages; what is no page is only named."""
    folder = MADE_FROM.get(page.file.src_uri, "docs")

    def followed(found: re.Match[str]) -> str:
        mark, text, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        path, _, anchor = target.partition("#")
        place = posixpath.normpath(posixpath.join(folder, path))
        place = HOME.get(place, place.removeprefix("docs/"))
        if files.get_file_from_path(place) is None:
            return f"`{text}`" if "`" not in text else text
        return f"{mark}[{text}]({place}{'#' + anchor if anchor else ''})"

    return LINK.sub(followed, markdown)


def on_page_content(html: str, **_: object) -> str:
    r"""Turn equations, `\(...\)` and `\[...\]` as arithmatex leaves them, into MathML: browsers draw it themselves."""
    for tag, opening, closing, display in (("span", r"\\\(", r"\\\)", "inline"), ("div", r"\\\[", r"\\\]", "block")):
        pattern = rf'<{tag} class="arithmatex">{opening}(.*?){closing}</{tag}>'
        html = re.sub(pattern, lambda found, how=display: _mathml(found[1], how), html, flags=re.DOTALL)
    return html


def _mathml(latex: str, display: str) -> str:
    from html import unescape

    return convert(unescape(latex).strip(), display=display)
