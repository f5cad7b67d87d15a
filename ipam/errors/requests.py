"""What is wrong with the request itself."""

from ipam.errors.base import IpamError


class Invalid(IpamError):
    pass


class Required(IpamError):
    code, title = "required", "A field is missing"


class ForbiddenField(IpamError):
    code, title = "forbidden_field", "A field that this does not take"


class UnknownField(IpamError):
    code, title = "unknown_field", "An unknown field"


class NotFound(IpamError):
    """`key` is the id or name of what is not there, where the sentence is about just one thing."""

    code, title = "not_found", "It does not exist"

    def __init__(self, detail: str, *, field: str = "", key: object = None) -> None:
        super().__init__(detail, field=field)
        self.key = key


class InvalidCidr(IpamError):
    code, title = "invalid_cidr", "Not a CIDR"


class PrefixNotCanonical(IpamError):
    code, title = "prefix_not_canonical", "A prefix has host bits set"


class RangeNotUsable(IpamError):
    code, title = "range_not_usable", "Space that is never used"


class ReservedId(IpamError):
    code, title = "reserved_id", "The id is a word of our own"


class UrlNotAllowed(IpamError):
    code, title = "url_not_allowed", "An address that Twofold does not call"
