from django.db import models

HOLDER_LENGTH = 300  # a host name, a process and a random part


class Lease(models.Model):
    """What one process does alone, for as long as it says from time to time that it is still there."""

    name = models.CharField(primary_key=True, max_length=40)
    holder = models.CharField(max_length=HOLDER_LENGTH)
    until = models.DateTimeField(help_text="then another may take it")

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
