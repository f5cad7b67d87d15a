"""What only PostgreSQL has: indexes by trigrams and by values of labels, and tables that are swept often.

A part of a name (`icontains`, which is UPPER(…) LIKE …) is found by its trigrams. The planner must know how rare a text
is, or it reads a whole table in order: indexes tell it, but partial ones only by a statistics object. A value that
stands in any label, such as a MAC, is found by an index; what has no label costs nothing. SQLite reads row by row.

Free blocks and number ranges are read from their lowest end, where rows have just gone. By default what is gone is
swept up when it is a fifth of the table, and until then each look at the lowest end may pass over all of it.
"""

# Table: what ipam/models matches by a part of its text.
SEARCHED = {
    "ipam_network": ["id", "name", "description"],
    "ipam_machine": ["id", "name", "hostname", "description"],
    "ipam_project": ["id", "name", "description"],
    "ipam_vrf": ["id", "name", "description"],
}
# Addresses are many, and stored all day: those without a text cost nothing.
SEARCHED_WHERE_GIVEN = {"ipam_ipaddress": ["name", "description"]}

INDEX = "CREATE INDEX {table}_{column}_trigrams ON {table} USING gin (upper({column}::text) gin_trgm_ops)"
STATISTICS = "CREATE STATISTICS {table}_{column}_texts ON (upper({column}::text)) FROM {table}"


def _columns(tables):
    return [{"table": table, "column": column} for table, columns in tables.items() for column in columns]


def add_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for names in _columns(SEARCHED):
        schema_editor.execute(INDEX.format(**names))
    for names in _columns(SEARCHED_WHERE_GIVEN):
        schema_editor.execute(f"{INDEX} WHERE {{column}} <> ''".format(**names))
        schema_editor.execute(STATISTICS.format(**names))


def remove_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for names in _columns({**SEARCHED, **SEARCHED_WHERE_GIVEN}):
        schema_editor.execute("DROP INDEX {table}_{column}_trigrams".format(**names))
    for names in _columns(SEARCHED_WHERE_GIVEN):
        schema_editor.execute("DROP STATISTICS {table}_{column}_texts".format(**names))


LABELLED = ["ipam_ipaddress", "ipam_machine"]
LABEL_INDEX = "CREATE INDEX {table}_label_values ON {table} USING gin (labels) WHERE labels <> '{{}}'::jsonb"


def add_label_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in LABELLED:
            schema_editor.execute(LABEL_INDEX.format(table=table))


def remove_label_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in LABELLED:
            schema_editor.execute(f"DROP INDEX {table}_label_values")


# What lists of the rest are narrowed by; of the migration 0016.
ALSO_SEARCHED = {"ipam_cluster": ["id", "name", "description"]}
ALSO_LABELLED = ["ipam_network", "ipam_project", "ipam_vrf", "ipam_cluster"]
DESTINATIONS = "CREATE INDEX ipam_network_destinations ON ipam_network USING gin (destination_prefixes)"


def add_indexes_of_lists(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for names in _columns(ALSO_SEARCHED):
            schema_editor.execute(INDEX.format(**names))
        for table in ALSO_LABELLED:
            schema_editor.execute(LABEL_INDEX.format(table=table))
        schema_editor.execute(DESTINATIONS)


def remove_indexes_of_lists(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for names in _columns(ALSO_SEARCHED):
            schema_editor.execute("DROP INDEX {table}_{column}_trigrams".format(**names))
        for table in ALSO_LABELLED:
            schema_editor.execute(f"DROP INDEX {table}_label_values")
        schema_editor.execute("DROP INDEX ipam_network_destinations")


def add_label_index_of_claims(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(LABEL_INDEX.format(table="ipam_claim"))


def remove_label_index_of_claims(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX ipam_claim_label_values")


# Sweep once so many rows have gone, and so large a share of the table.
SETTINGS = {
    "ipam_freeblock": {"autovacuum_vacuum_threshold": 500, "autovacuum_vacuum_scale_factor": 0.01},
    "ipam_numberrange": {"autovacuum_vacuum_threshold": 500, "autovacuum_vacuum_scale_factor": 0.01},
}


def sweep_often(apps, schema_editor):
    _alter(schema_editor, "SET", "{} = {}")


def sweep_as_usual(apps, schema_editor):
    _alter(schema_editor, "RESET", "{}")


def _alter(schema_editor, verb, form):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, settings in SETTINGS.items():
        parameters = ", ".join(form.format(name, value) for name, value in settings.items())
        schema_editor.execute(f"ALTER TABLE {table} {verb} ({parameters})")
