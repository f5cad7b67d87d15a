"""A prefix may have a gateway; a claim has labels, a name as long as Kubernetes has them, and perhaps a child network."""

import django.db.models.deletion
import ipam.fields
from django.db import migrations, models

from ipam.migrations._postgresql import add_label_index_of_claims, remove_label_index_of_claims


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0031_clusters_own'),
    ]

    operations = [
        migrations.AddField(
            model_name='claim',
            name='child',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='claim', to='ipam.network'),
        ),
        migrations.AddField(
            model_name='claim',
            name='labels',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='prefix',
            name='gateway',
            field=ipam.fields.AddressField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='claim',
            name='allocation',
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='claim',
            name='name',
            field=models.CharField(editable=False, max_length=317),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('allocation__isnull', False), ('child__isnull', True)), models.Q(('allocation__isnull', True), ('child__isnull', False)), _connector='OR'), name='claim_of_allocation_or_child', violation_error_message='A claim holds an allocation, or a child network.'),
        ),
        migrations.AddConstraint(
            model_name='prefix',
            constraint=models.CheckConstraint(condition=models.Q(('gateway__isnull', True), models.Q(('gateway__gte', models.F('first')), ('gateway__lte', models.F('last'))), _connector='OR'), name='prefix_gateway_lies_in_it', violation_error_code='not_in_prefix', violation_error_message='A gateway is an address of its prefix.'),
        ),
        migrations.RunPython(add_label_index_of_claims, remove_label_index_of_claims),
    ]
