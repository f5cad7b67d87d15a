"""A full installation as real ones are: a crowded network, few labels, an import of many parts, years of history."""

from django.db import connection

from ipam.demo import seeding
from ipam.domain.insight import surveying
from tests.bench import cast, lab
from tests.builders import IPV4

_LARGE = {"networks": 10_000, "prefixes": 100_000, "addresses": 1_000_000}
_CROWD = 60_000

# Ids are random, so what a part of them has is spread over all rows.
_SKEW = """
UPDATE ipam_ipaddress
SET labels = jsonb_build_object('rack', 'r' || ascii(substr(id::text, 5, 1)) * ascii(substr(id::text, 6, 1)))
WHERE id::text LIKE '_a%';
UPDATE ipam_ipaddress SET description = 'spare ' || substr(id::text, 1, 3)
WHERE id::text LIKE '__a%' AND machine_id IS NULL;
UPDATE ipam_machine SET labels = jsonb_build_object('rack', 'r' || asn % 1000) WHERE asn % 5 = 0;
UPDATE ipam_machine SET hostname = name, description = 'spare ' || asn % 100 WHERE asn % 10 = 0;
INSERT INTO ipam_cluster (id, created_at, updated_at, generation, name, description, labels, state, platform,
    kubernetes_version, families, max_pods, native_routing, network_id, project_id, node_mask_ipv4)
SELECT gen_random_uuid(), now() - n * interval '1 hour', now(), 1, 'cluster-' || n, '', '{}', 'draft',
    CASE WHEN n % 50 = 0 THEN 'kubeadm' ELSE 'gardener' END, '1.33', 'ipv4', 110, true, id, project_id, 24
FROM (SELECT id, project_id, row_number() OVER (ORDER BY id) AS n FROM ipam_network
    WHERE type = 'child' AND id IN (SELECT network_id FROM ipam_prefix WHERE family = 4) LIMIT 2000) AS network;
INSERT INTO ipam_clusterrange (cluster_id, purpose, family, first, last, length)
SELECT id, purpose, 4, first, last, 16 FROM ipam_cluster,
    (VALUES ('pods', '\\x040a000000'::bytea, '\\x040a00ffff'::bytea), ('services', '\\x040a010000', '\\x040a01ffff'))
    AS range (purpose, first, last)
WHERE name LIKE 'cluster-%';
INSERT INTO ipam_claim (id, created_at, updated_at, generation, name, allocation, network_id, project_id)
SELECT id, created_at, updated_at, 1, 'service-' || row_number() OVER (), allocation, network_id, project_id
FROM ipam_ipaddress WHERE family = 4 AND machine_id IS NULL LIMIT 5000;
INSERT INTO ipam_event (at, actor, door, request_id, verb, kind, object_id, object_name, network_id, project_id, count,
    changes, first_addresses)
SELECT created_at - random() * interval '400 days', CASE WHEN family = 4 THEN 'robot' ELSE 'jo' END, 'api',
    substr(id::text, 1, 20), CASE WHEN type = 'static' THEN 'make-static' ELSE 'allocate' END, 'address',
    allocation::text, name, network_id, project_id, 1, '{}', '[]'
FROM ipam_ipaddress WHERE family = 4;
INSERT INTO ipam_event (at, actor, door, request_id, verb, kind, object_id, object_name, network_id, project_id, count,
    changes, first_addresses, part_of_id)
SELECT now(), 'import', 'command', 'import', 'create', 'machine', machine.id, name, '', project_id, 1, '{}', '[]',
    whole.id
FROM ipam_machine AS machine, (SELECT max(id) AS id FROM ipam_event) AS whole;
INSERT INTO ipam_tenure (address, namespace_id, network_id, project_id, project_name, machine_id, machine_name, name,
    type, allocation, since, from_exact, begun_by, actor, door)
SELECT held.address, held.namespace_id, held.network_id, held.project_id, '', coalesce(held.machine_id, ''), '',
    held.name, held.type, held.allocation, held.created_at, true, told.id, '', 'api'
FROM ipam_ipaddress AS held JOIN ipam_event AS told ON told.object_id = held.allocation::text
WHERE NOT EXISTS (SELECT 1 FROM ipam_tenure AS known WHERE known.address = held.address)
ON CONFLICT DO NOTHING
"""


def fill() -> None:
    """A million addresses, then what `seed` leaves out."""
    seeding.seed(**_LARGE)
    furnish()


def furnish() -> None:
    """All but what is seeded."""
    lab.furnish()
    cast.fill(cast.network(IPV4), _CROWD)
    with connection.cursor() as cursor:
        cursor.execute(_SKEW)
    surveying.run()
