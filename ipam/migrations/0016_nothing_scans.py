"""Every filter and every order of a list has an index that begins with it and goes on in the order of the list.

What other indexes do as well goes: of two that begin with the same column the shorter one, and all that no statement
asks for.
"""

import django.db.models.deletion
from django.db import migrations, models

import ipam.models.indexes
import ipam.natural
from ipam.migrations import _postgresql as postgresql


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0014_idempotent_response'),
    ]

    operations = [
        # With the index of a column PostgreSQL would lose a conditional unique one of the same column: they come back below.
        migrations.RemoveConstraint(
            model_name='network',
            name='network_one_super_per_partition',
        ),
        migrations.RemoveConstraint(
            model_name='network',
            name='network_one_underlay_per_partition',
        ),
        migrations.RemoveConstraint(
            model_name='network',
            name='network_one_shared_child_per_project',
        ),
        migrations.RemoveConstraint(
            model_name='cluster',
            name='cluster_one_per_node_network',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_object',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_network',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_project',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_actor',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_request',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_part_of',
        ),
        migrations.RemoveIndex(
            model_name='ipaddress',
            name='address_by_name',
        ),
        migrations.RemoveIndex(
            model_name='machine',
            name='machine_by_name',
        ),
        migrations.RemoveIndex(
            model_name='network',
            name='network_by_type',
        ),
        migrations.RemoveIndex(
            model_name='network',
            name='network_roots',
        ),
        migrations.RemoveIndex(
            model_name='prefix',
            name='prefix_by_address',
        ),
        migrations.RenameIndex(
            model_name='event',
            new_name='event_by_age',
            old_name='event_newest',
        ),
        migrations.RenameIndex(
            model_name='network',
            new_name='network_in_order',
            old_name='network_by_name',
        ),
        migrations.RenameIndex(
            model_name='prefix',
            new_name='prefix_in_order_of_length',
            old_name='prefix_by_length',
        ),
        migrations.AlterField(
            model_name='claim',
            name='project',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='ipam.project'),
        ),
        migrations.AlterField(
            model_name='cluster',
            name='network',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clusters', to='ipam.network'),
        ),
        migrations.AlterField(
            model_name='cluster',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clusters', to='ipam.project'),
        ),
        migrations.AlterField(
            model_name='machine',
            name='partition',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='machines', to='ipam.partition'),
        ),
        migrations.AlterField(
            model_name='machine',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='machines', to='ipam.project'),
        ),
        migrations.AlterField(
            model_name='machinenetwork',
            name='network',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='ipam.network'),
        ),
        migrations.AlterField(
            model_name='network',
            name='namespace',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, help_text='The project whose own copy of a super-namespaced space this network was carved from.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ipam.project'),
        ),
        migrations.AlterField(
            model_name='network',
            name='partition',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='networks', to='ipam.partition'),
        ),
        migrations.AlterField(
            model_name='network',
            name='project',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='networks', to='ipam.project'),
        ),
        migrations.AlterField(
            model_name='network',
            name='vrf',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='networks', to='ipam.vrf'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(models.F('network'), ipam.natural.Natural('name'), models.F('id'), name='claim_by_network'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(models.F('project'), ipam.natural.Natural('name'), models.F('id'), name='claim_by_project'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), name='claim_in_order'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(models.F('name'), ipam.natural.Natural('name'), models.F('id'), name='claim_by_name'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['created_at', 'id'], name='claim_by_age'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(models.F('project'), ipam.natural.Natural('name'), models.F('id'), name='cluster_by_project'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(models.F('network'), ipam.natural.Natural('name'), models.F('id'), name='cluster_by_network'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(models.F('state'), ipam.natural.Natural('name'), models.F('id'), name='cluster_by_state'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(models.F('platform'), ipam.natural.Natural('name'), models.F('id'), name='cluster_by_platform'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(models.F('families'), ipam.natural.Natural('name'), models.F('id'), name='cluster_by_families'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), name='cluster_in_order'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(fields=['state', 'id'], name='cluster_in_order_of_state'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(fields=['created_at', 'id'], name='cluster_by_age'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(models.F('name'), ipam.natural.Natural('name'), models.F('id'), condition=models.Q(('name', ''), _negated=True), name='cluster_by_name'),
        ),
        migrations.AddIndex(
            model_name='cluster',
            index=models.Index(ipam.models.indexes.Beginning('description'), ipam.natural.Natural('name'), models.F('id'), condition=models.Q(('description', ''), _negated=True), name='cluster_by_description'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), fields=['at', 'id'], name='event_newest'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['object_id', 'at', 'id'], name='event_of_object'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), fields=['network_id', 'at', 'id'], name='event_of_network'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), fields=['project_id', 'at', 'id'], name='event_of_project'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), fields=['actor', 'at', 'id'], name='event_of_actor'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), fields=['request_id', 'at', 'id'], name='event_of_request'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', False)), fields=['part_of', 'at', 'id'], name='event_part_of'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), models.Q(('kind', 'address'), _negated=True)), fields=['kind', 'at', 'id'], name='event_by_kind'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), models.Q(('verb', 'allocate'), _negated=True)), fields=['verb', 'at', 'id'], name='event_by_verb'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(models.Q(('part_of__isnull', True), ('verb', 'update'), _connector='OR'), models.Q(('door', 'api'), _negated=True)), fields=['door', 'at', 'id'], name='event_by_door'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(models.F('code'), models.F('severity'), models.F('id'), name='finding_by_code'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(models.F('kind'), models.F('severity'), models.F('id'), name='finding_by_kind'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(models.F('name'), models.F('address'), condition=models.Q(('name', ''), _negated=True), name='address_by_name'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(ipam.models.indexes.Beginning('description'), models.F('address'), condition=models.Q(('description', ''), _negated=True), name='address_by_description'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('type', 'ephemeral')), fields=['address'], name='address_ephemeral'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('type', 'static')), fields=['address'], name='address_static'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('machine__isnull', True)), fields=['address'], name='address_without_machine'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('project'), models.F('id'), name='machine_by_project'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('partition'), models.F('id'), name='machine_by_partition'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('role'), models.F('id'), name='machine_by_role'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('project'), ipam.natural.Natural('name'), models.F('id'), name='machine_in_order_by_project'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('partition'), ipam.natural.Natural('name'), models.F('id'), name='machine_in_order_by_partition'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('role'), ipam.natural.Natural('name'), models.F('id'), name='machine_in_order_by_role'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('name'), models.F('id'), condition=models.Q(('name', ''), _negated=True), name='machine_by_name'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(ipam.models.indexes.Beginning('description'), models.F('id'), condition=models.Q(('description', ''), _negated=True), name='machine_by_description'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(models.F('hostname'), models.F('id'), condition=models.Q(('hostname', ''), _negated=True), name='machine_by_hostname'),
        ),
        migrations.AddIndex(
            model_name='machinenetwork',
            index=models.Index(fields=['network', 'machine'], name='machine_of_network'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('type'), models.F('id'), name='network_by_type'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('stack'), models.F('id'), name='network_by_stack'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('nat_type'), models.F('id'), name='network_by_nat_type'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('parent'), models.F('id'), condition=models.Q(('parent__isnull', False)), name='network_by_parent'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('id'), condition=models.Q(('parent__isnull', True)), name='network_without_parent'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('partition'), models.F('id'), condition=models.Q(('partition__isnull', False)), name='network_by_partition'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('id'), condition=models.Q(('partition__isnull', True)), name='network_without_partition'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('project'), models.F('id'), condition=models.Q(('project__isnull', False)), name='network_by_project'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('id'), condition=models.Q(('project__isnull', True)), name='network_without_project'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('namespace'), models.F('id'), condition=models.Q(('namespace__isnull', False)), name='network_by_namespace'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('id'), condition=models.Q(('namespace__isnull', True)), name='network_without_namespace'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('vrf'), models.F('id'), condition=models.Q(('vrf__isnull', False)), name='network_by_vrf'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('id'), condition=models.Q(('vrf__isnull', True)), name='network_without_vrf'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('name'), models.F('id'), condition=models.Q(('name', ''), _negated=True), name='network_by_name'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(ipam.models.indexes.Beginning('description'), models.F('id'), condition=models.Q(('description', ''), _negated=True), name='network_by_description'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('type'), models.F('id'), condition=models.Q(('parent__isnull', True)), name='network_roots_by_type'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), condition=models.Q(('parent__isnull', True)), name='network_roots_in_order'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(fields=['created_at', 'id'], name='network_by_age'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(models.F('network'), models.F('first'), models.F('id'), name='prefix_by_network'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(models.F('length'), models.F('first'), models.F('id'), name='prefix_by_length'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(models.F('parent'), models.F('first'), models.F('id'), condition=models.Q(('parent__isnull', False)), name='prefix_by_parent'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(models.F('first'), models.F('id'), condition=models.Q(('parent__isnull', True)), name='prefix_without_parent'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(models.F('namespace'), models.F('first'), models.F('id'), condition=models.Q(('namespace__isnull', False)), name='prefix_by_namespace'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(models.F('first'), models.F('id'), condition=models.Q(('namespace__isnull', True)), name='prefix_without_namespace'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['first', 'id'], name='prefix_in_order'),
        ),
        migrations.AddIndex(
            model_name='project',
            index=models.Index(fields=['tenant', 'id'], name='project_by_tenant'),
        ),
        migrations.AddIndex(
            model_name='project',
            index=models.Index(fields=['created_at', 'id'], name='project_by_age'),
        ),
        migrations.AddIndex(
            model_name='project',
            index=models.Index(ipam.models.indexes.Beginning('description'), models.F('id'), condition=models.Q(('description', ''), _negated=True), name='project_by_description'),
        ),
        migrations.AddIndex(
            model_name='vrf',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), name='vrf_in_order'),
        ),
        migrations.AddIndex(
            model_name='vrf',
            index=models.Index(fields=['created_at', 'id'], name='vrf_by_age'),
        ),
        migrations.AddIndex(
            model_name='vrf',
            index=models.Index(models.F('name'), models.F('id'), condition=models.Q(('name', ''), _negated=True), name='vrf_by_name'),
        ),
        migrations.AddIndex(
            model_name='vrf',
            index=models.Index(ipam.models.indexes.Beginning('description'), models.F('id'), condition=models.Q(('description', ''), _negated=True), name='vrf_by_description'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.UniqueConstraint(condition=models.Q(('type__in', ['super', 'super-namespaced'])), fields=('partition',), name='network_one_super_per_partition', violation_error_code='one_super_per_partition', violation_error_message='The partition already has a super network.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.UniqueConstraint(condition=models.Q(('type__in', ['underlay'])), fields=('partition',), name='network_one_underlay_per_partition', violation_error_code='one_super_per_partition', violation_error_message='The partition already has an underlay network.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.UniqueConstraint(condition=models.Q(('type__in', ['child-shared'])), fields=('project',), name='network_one_shared_child_per_project', violation_error_code='one_shared_child_per_project', violation_error_message='The project already has a shared child network.'),
        ),
        migrations.AddConstraint(
            model_name='cluster',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'reserved')), fields=('network',), name='cluster_one_per_node_network', violation_error_code='node_network_taken', violation_error_message='Another cluster already stands on this node network. Carve one of its own.'),
        ),
        migrations.RunPython(postgresql.add_indexes_of_lists, postgresql.remove_indexes_of_lists),
    ]
