from ipam.domain.core import pruning
from ipam.management.pruning import PruningCommand


class Command(PruningCommand):
    help = "Delete the events of the change history that are older than that; the data itself stays."
    noun, find, prune = "events", pruning.older_than, pruning.prune
