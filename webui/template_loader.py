"""Templates are indented for those who read them; pages leave that out, which is a third of a long list."""

import re

from django.template import Origin
from django.template.loaders import filesystem


class Loader(filesystem.Loader):
    """Finds templates in files, and drops what their lines begin with. Lines keep their numbers, and no template writes
    the text of a `<pre>` itself: that is always a value."""

    def get_contents(self, origin: Origin) -> str:
        return re.sub(r"^[ \t]+", "", super().get_contents(origin), flags=re.MULTILINE)
