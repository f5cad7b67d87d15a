"""The vocabulary of failure: one class per broken rule, with a stable code and a sentence for people.

No HTTP here: `ipam/api/errors.py` holds the only table from an error to a status. Each `detail` says
what is wrong, why, and what to do about it.
"""

from ipam.errors.addresses import *
from ipam.errors.base import *
from ipam.errors.circumstances import *
from ipam.errors.clusters import *
from ipam.errors.networks import *
from ipam.errors.requests import *
