"""What is: state, constraints and the vocabulary of queries. What may happen is in `ipam.domain`."""

from ipam.models import lookups  # noqa: F401  its words are registered
from ipam.models.addresses import AddressHolder, IPAddress
from ipam.models.alerts import Alert, AlertReader, AlertRule, AlertSnooze, Letter
from ipam.models.claims import Claim
from ipam.models.cluster_ranges import ClusterRange
from ipam.models.clusters import Cluster
from ipam.models.events import Event
from ipam.models.feed import FeedReader, FeedState
from ipam.models.findings import Finding, FindingMark
from ipam.models.free_blocks import FreeBlock
from ipam.models.idempotent_responses import IdempotentResponse
from ipam.models.identities import Identity
from ipam.models.leases import Lease
from ipam.models.local_space import LocalSpace
from ipam.models.machines import Machine, MachineNetwork
from ipam.models.mentions import Mention
from ipam.models.mirrors import Mirror
from ipam.models.networks import Network
from ipam.models.number_ranges import NumberRange
from ipam.models.partitions import Partition
from ipam.models.prefixes import Prefix
from ipam.models.projects import Project
from ipam.models.quotas import Quota
from ipam.models.ranges import AddressRange, SetAsideBlock
from ipam.models.roles import RoleBinding, ServiceAccount
from ipam.models.saved_views import SavedView
from ipam.models.series import Sample, Series, Survey
from ipam.models.tenures import Tenure
from ipam.models.tokens import ApiToken
from ipam.models.vrfs import VRF
from ipam.models.webhooks import Delivery, Webhook

__all__ = [
    "VRF",
    "AddressHolder",
    "AddressRange",
    "Alert",
    "AlertReader",
    "AlertRule",
    "AlertSnooze",
    "ApiToken",
    "Claim",
    "Cluster",
    "ClusterRange",
    "Delivery",
    "Event",
    "FeedReader",
    "FeedState",
    "Finding",
    "FindingMark",
    "FreeBlock",
    "IPAddress",
    "IdempotentResponse",
    "Identity",
    "Lease",
    "Letter",
    "LocalSpace",
    "Machine",
    "MachineNetwork",
    "Mention",
    "Mirror",
    "Network",
    "NumberRange",
    "Partition",
    "Prefix",
    "Project",
    "Quota",
    "RoleBinding",
    "Sample",
    "SavedView",
    "Series",
    "ServiceAccount",
    "SetAsideBlock",
    "Survey",
    "Tenure",
    "Webhook",
]
