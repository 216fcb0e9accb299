"""What a browser does with a form: the names and values that it would send."""

from html.parser import HTMLParser


class Sending(HTMLParser):
    """The fields of the forms of a page, and what they hold, as a browser sends them; and its buttons.

    Args:
        text: The page.
    """

    def __init__(self, text):
        super().__init__()
        self.sent, self.buttons = {}, []
        self._area = self._select = None
        self._option, self._words = (False, ""), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "input":
            self.sent[attrs["name"]] = attrs.get("value", "")
        elif tag == "textarea":
            self._area, self.sent[attrs["name"]] = attrs["name"], ""
        elif tag == "select":
            self._select, self.sent[attrs["name"]] = attrs["name"], None
        elif tag == "option" and self._select is not None:
            self._option, self._words = ("selected" in attrs, attrs.get("value")), ""
        elif tag == "button":
            self.buttons.append(attrs.get("value"))

    def handle_data(self, data):
        if self._area is not None:
            self.sent[self._area] += data
        elif self._select is not None:
            self._words += data.strip()

    def handle_endtag(self, tag):
        if tag == "textarea":  # the first end of a line is not part of it; every other is sent as two characters
            text = self.sent[self._area].removeprefix("\n")
            self.sent[self._area], self._area = text.replace("\n", "\r\n"), None
        elif tag == "option" and self._select is not None:
            selected, value = self._option
            if selected or self.sent[self._select] is None:
                self.sent[self._select] = self._words if value is None else value
        elif tag == "select":
            self._select = None
