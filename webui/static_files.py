"""Static files under names that carry a hash of their content, so that browsers keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Hashed and compressed by `collectstatic`; what it has not collected goes by its plain name.

    So pages work before the first `collectstatic`, when files come straight from the packages.
    """

    def stored_name(self, name: str) -> str:
        """The name with its hash; the plain one if the manifest does not know the file."""
        known: str | None = self.hashed_files.get(self.hash_key(self.clean_name(name)))
        return known or name
