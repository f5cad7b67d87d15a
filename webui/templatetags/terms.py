"""`{% term 'super' %}`: a word of the field with one sentence that explains it, on hover and on focus, and a link to
the handbook."""

from html import escape

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

register = template.Library()
_SENTENCES = {
    "external": "A network that leads out of the site; every project may take addresses from it.",
    "underlay": "The network of the switches and firewalls themselves; no project takes from it.",
    "super": "It gives out no addresses: private networks are carved out of it, a prefix of each family at once.",
    "super-namespaced": "A super network whose space begins anew for each project: two may hold the same block.",
    "child": "A private network, carved out of a super network for one project.",
    "child-shared": "A private network that other projects may join.",
    "partition": "A site or failure domain, with switches and machines of its own.",
    "announcable": "What clusters in here may announce besides the prefixes, such as pods; switches drop all else.",
    "stack": "Whether a network has prefixes of both families, as dual-stack, or one.",
    "vrf": "A routing instance: what is in one does not reach what is in another.",
}

# Where docs/words.md says more.
ANCHORS = {
    "external": "external-network",
    "underlay": "underlay-network",
    "super": "super-network",
    "super-namespaced": "super-namespaced-network",
    "child": "child-network",
    "child-shared": "shared-child-network",
    "partition": "partition",
    "announcable": "announcable-cidrs",
    "stack": "stack",
    "vrf": "vrf",
}


@register.simple_tag
def term(word: str, text: str = "") -> SafeString:
    """The word, or `text` in its place, with its sentence; once on a page, for its id is that of the word."""
    shown, sentence = escape(text or word), _SENTENCES.get(word)
    if not sentence:
        return SafeString(shown)
    said = f'<span role="tooltip" id="term-{word}">{escape(sentence)}</span>'
    href = f"{reverse('handbook')}#{ANCHORS[word]}"
    return SafeString(f'<a class="term" href="{href}" aria-describedby="term-{word}">{shown}{said}</a>')
