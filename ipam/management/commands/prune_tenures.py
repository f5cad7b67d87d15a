from ipam.domain.core import pruning
from ipam.management.pruning import PruningCommand


class Command(PruningCommand):
    help = "Forget who held what, of tenures that ended before that; those that last stay, however old."
    noun, find, prune = "tenures", pruning.ended_before, pruning.prune_tenures
