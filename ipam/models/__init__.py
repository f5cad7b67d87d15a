"""What is: state, constraints and the vocabulary of queries. What may happen is in `ipam.domain`."""

from ipam.models.addresses import IPAddress
from ipam.models.claims import Claim
from ipam.models.clusters import Cluster, ClusterRange
from ipam.models.events import Event, Mention
from ipam.models.free_blocks import FreeBlock
from ipam.models.idempotent_responses import IdempotentResponse
from ipam.models.identities import Identity
from ipam.models.local_space import LocalSpace
from ipam.models.machines import Machine, MachineNetwork
from ipam.models.networks import Network
from ipam.models.number_ranges import NumberRange
from ipam.models.partitions import Partition
from ipam.models.prefixes import Prefix
from ipam.models.projects import Project
from ipam.models.roles import RoleBinding, ServiceAccount
from ipam.models.surveys import Finding, UtilizationSample
from ipam.models.tenures import Tenure
from ipam.models.tokens import ApiToken
from ipam.models.vrfs import VRF

__all__ = [
    "VRF",
    "ApiToken",
    "Claim",
    "Cluster",
    "ClusterRange",
    "Event",
    "Finding",
    "FreeBlock",
    "IPAddress",
    "IdempotentResponse",
    "Identity",
    "LocalSpace",
    "Machine",
    "MachineNetwork",
    "Mention",
    "Network",
    "NumberRange",
    "Partition",
    "Prefix",
    "Project",
    "RoleBinding",
    "ServiceAccount",
    "Tenure",
    "UtilizationSample",
]
