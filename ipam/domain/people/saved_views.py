"""Lists as somebody likes to see them, kept under a name: each person's own. Sharing one is sending its URL."""

from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.core import access, history
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.models import SavedView
from ipam.models.events import Verb

MAX_VIEWS = 100  # of one person
_GONE = "There is no such view. You may have deleted it already."


def of_page(owner: User, page: str) -> list[SavedView]:
    """The views of a list that somebody has saved, by name; one statement."""
    return list(SavedView.objects.filter(owner=owner, page=page))


def get(owner: User, key: int) -> SavedView:
    """One of somebody's views; NotFound for anybody else's."""
    found = SavedView.objects.filter(owner=owner, pk=key).first()
    if found is None:
        raise errors.NotFound(_GONE)
    return found


@operation
def create(owner: User, page: str, *, name: str, query: str) -> SavedView:
    """Keep the query of a list, at most 1,000 characters that the list knows, under a name of 1 to 60.

    AlreadyExists for a name that the owner has given to another view of the list, Invalid past `MAX_VIEWS`. People
    save views for themselves.
    """
    _lock(owner)
    if len(query) > SavedView.QUERY_LENGTH:
        raise errors.Invalid(f"A view has at most {SavedView.QUERY_LENGTH:,} characters. Narrow by less.", field="name")
    if SavedView.objects.filter(owner=owner).count() >= MAX_VIEWS:
        raise errors.Invalid(f"You have {MAX_VIEWS} views, the most there can be. Delete one first.", field="name")
    made = SavedView(owner=owner, page=page, query=query)
    _name(made, name)
    history.record_user(Verb.UPDATE, owner, {"view": [None, f"{page}: {made}"]})
    return made


@operation
def rename(owner: User, key: int, *, name: str) -> SavedView:
    """Give one of somebody's views another name; errors are those of `create`, and NotFound."""
    _lock(owner)
    view = get(owner, key)
    before = str(view)
    _name(view, name)
    history.record_user(Verb.UPDATE, owner, {"view": [f"{view.page}: {before}", f"{view.page}: {view}"]})
    return view


@operation
def delete(owner: User, key: int) -> None:
    """Forget one of somebody's views; NotFound for anybody else's."""
    _lock(owner)
    view = get(owner, key)
    history.record_user(Verb.UPDATE, owner, {"view": [f"{view.page}: {view}", None]})
    view.delete()


def _lock(owner: User) -> None:
    """Lock whose views they are until the transaction ends; PermissionDenied unless the caller is that person."""
    who = access.current()
    if who.is_read_only or owner.pk != who.user_id:
        access.require(Permission.OPERATE)
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)


def _name(view: SavedView, name: str) -> None:
    """Store a view under this name, unless its owner has another one of that name there."""
    others = SavedView.objects.filter(owner=view.owner_id, page=view.page, name=name).exclude(pk=view.pk)
    if others.exists():
        taken = "You have a view of this name here. Choose another name, or delete that one."
        raise errors.AlreadyExists(taken, field="name")
    view.name = name
    view.save()
