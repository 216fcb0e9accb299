"""Reads a page as a browser does: tags, attributes, and the text of each section."""

from html.parser import HTMLParser

VOID = {"meta", "br", "use", "path"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.source, self.tags, self.attributes, self.open = text, [], [], []
        self.words, self.drawings = {"": []}, {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        identity = dict(attrs).get("id") if tag in ("section", "header") else None
        if tag not in VOID:
            self.open.append((tag, identity))
        if tag == "svg":
            self.drawings[self.section] = self.drawings.get(self.section, 0) + 1

    def handle_endtag(self, tag):
        if any(found == tag for found, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        if self.open and self.open[-1][0] != "style":
            self.words.setdefault(self.section, []).append(data)

    @property
    def section(self):
        return next((identity for _, identity in reversed(self.open) if identity), "")

    def text(self, section):
        return " ".join(" ".join(self.words.get(section, [])).split())
