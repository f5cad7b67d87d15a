"""Names that a cloud might really use, for `ipam.demo.plan`."""

from collections.abc import Iterator
from itertools import count
from random import Random

CITIES = {
    "fra": "Frankfurt",
    "muc": "Munich",
    "ber": "Berlin",
    "ham": "Hamburg",
    "nue": "Nuremberg",
    "vie": "Vienna",
    "zrh": "Zurich",
    "ams": "Amsterdam",
    "prg": "Prague",
    "waw": "Warsaw",
    "cph": "Copenhagen",
    "lux": "Luxembourg",
}
TENANTS = [
    "alpenblick",
    "nordwind",
    "bergwerk",
    "seekante",
    "rotbuche",
    "kiesel",
    "mondfisch",
    "tiefsee",
    "silberpfad",
    "kornfeld",
    "leuchtturm",
    "windrose",
    "steinadler",
    "morgenrot",
    "quellwasser",
    "feldspat",
]
PRODUCTS = [
    "shop",
    "payments",
    "analytics",
    "search",
    "mail",
    "portal",
    "billing",
    "booking",
    "maps",
    "media",
    "ledger",
    "tracking",
    "archive",
]
STAGES = ["prod", "staging", "dev", "qa"]
OUTSIDE = ["mpls", "storage", "partner", "interconnect", "dmz", "vpn"]
SERVICES = [
    "ingress",
    "api",
    "grafana",
    "prometheus",
    "postgres",
    "redis",
    "kafka",
    "registry",
    "gitlab",
    "vault",
    "keycloak",
    "smtp",
    "dns",
    "ntp",
    "loki",
    "proxy",
    "bastion",
    "backup",
    "metrics",
]
PURPOSES = ["", "-db", "-k8s", "-edge", "-batch", "-build"]
ROLES = ["worker", "worker", "worker", "control-plane", "database", "storage"]


def partitions() -> Iterator[tuple[str, str]]:
    """Ids and names of partitions: the first site of each city, then the second, and so on."""
    for number in count(1):
        for code, city in CITIES.items():
            yield f"{code}-{number}", f"{city} {number}"


def projects() -> Iterator[tuple[str, str]]:
    """Tenants and names of their projects, three more for each tenant in turn, each pair once."""
    for round_ in count():
        for position, tenant in enumerate(TENANTS):
            for number in range(3 * round_, 3 * round_ + 3):  # each product meets each stage once in 52 numbers
                product = PRODUCTS[(number + 3 * position) % len(PRODUCTS)]
                again = number // (len(PRODUCTS) * len(STAGES))
                suffix = f"-{again + 1}" if again else ""
                yield tenant, f"{product}-{STAGES[number % len(STAGES)]}{suffix}"


def service(rng: Random) -> str:
    """What an address without a machine is for."""
    return f"{rng.choice(SERVICES)}-{rng.randint(1, 9)}"
