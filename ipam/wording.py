"""Numbers in sentences: one thing is told otherwise than many. Pure."""


def count_of(number: int, one: str, many: str = "") -> str:
    """The number with its noun: “1 address”, “1,200 addresses”; `many` where no -s or -es makes it, as with verbs."""
    plural = many or one + ("es" if one.endswith(("s", "x")) else "s")
    return f"{number:,} {one if number == 1 else plural}"


def them(number: int) -> str:
    """What stands for so many things in the sentence that follows."""
    return "it" if number == 1 else "them"
