"""All of today's schema in one step, for new installations; those that have some of what it replaces take the rest."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import ipam.fields
import ipam.models.base
import ipam.models.machines
import ipam.natural
import uuid
from django.conf import settings
from django.db import migrations, models

from ipam.migrations import _postgresql as postgresql


class Migration(migrations.Migration):

    replaces = [
        ('ipam', '0001_initial'),
        ('ipam', '0002_event'),
        ('ipam', '0003_survey'),
        ('ipam', '0004_search_indexes'),
        ('ipam', '0005_roles'),
        ('ipam', '0006_kept_answers'),
        ('ipam', '0007_identity'),
        ('ipam', '0008_cluster'),
        ('ipam', '0009_finding_project'),
        ('ipam', '0010_vacuum'),
        ('ipam', '0011_labelled'),
        ('ipam', '0012_space_that_is_never_used'),
        ('ipam', '0013_history_as_rows'),
        ('ipam', '0014_idempotent_response'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Cluster',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('\\A[a-z]([a-z0-9-]*[a-z0-9])?\\Z', "A cluster's name has small letters, digits and dashes; it starts with a letter and does not end with a dash.")])),
                ('state', models.CharField(choices=[('draft', 'draft'), ('reserved', 'reserved'), ('released', 'released')], default='draft', editable=False, max_length=8)),
                ('platform', models.CharField(choices=[('gardener', 'Gardener'), ('kubeadm', 'kubeadm'), ('kubernetes', 'Kubernetes itself')], default='gardener', max_length=10)),
                ('kubernetes_version', models.CharField(max_length=8, validators=[django.core.validators.RegexValidator('\\A1\\.[0-9]{1,2}(\\.[0-9]{1,2})?\\Z', 'A Kubernetes version looks like 1.33 or 1.33.4.')])),
                ('families', models.CharField(choices=[('ipv4', 'IPv4'), ('ipv6', 'IPv6'), ('ipv4,ipv6', 'dual-stack, IPv4 first'), ('ipv6,ipv4', 'dual-stack, IPv6 first')], max_length=9)),
                ('node_mask_ipv4', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('node_mask_ipv6', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('max_pods', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(65535)])),
                ('wanted_nodes', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)])),
                ('native_routing', models.BooleanField(default=True, help_text='Pods are routed by the fabric, without an overlay.')),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Machine',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', ipam.models.base.SlugIdField(default=ipam.models.machines.new_machine_id, max_length=128, primary_key=True, serialize=False)),
                ('hostname', models.CharField(blank=True, default='', max_length=255)),
                ('role', models.CharField(choices=[('machine', 'machine'), ('firewall', 'firewall')], default='machine', max_length=8)),
                ('asn', models.BigIntegerField(unique=True, verbose_name='ASN')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Partition',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', ipam.models.base.SlugIdField(max_length=128, primary_key=True, serialize=False)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('is_read_only', models.BooleanField(default=False)),
                ('projects', models.JSONField(blank=True, default=list, help_text='ids; empty: all projects of the user')),
                ('networks', models.JSONField(blank=True, default=list, help_text='CIDRs that it may come from; empty: anywhere')),
                ('expires_at', models.DateTimeField(blank=True, help_text='empty: never', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, help_text='to the minute', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.CharField(blank=True, default='', help_text='a user name; empty for nobody', max_length=255)),
                ('door', models.CharField(choices=[('dashboard', 'dashboard'), ('api', 'API'), ('admin', 'admin'), ('command', 'command')], max_length=9)),
                ('request_id', models.CharField(blank=True, default='', max_length=64)),
                ('verb', models.CharField(max_length=16)),
                ('kind', models.CharField(max_length=16)),
                ('object_id', models.CharField(blank=True, default='', help_text='of an address: its allocation; empty for several', max_length=128)),
                ('object_name', models.CharField(blank=True, default='', max_length=255)),
                ('network_id', models.CharField(blank=True, default='', help_text='empty for none or several', max_length=128)),
                ('project_id', models.UUIDField(blank=True, help_text='empty for none or several', null=True)),
                ('count', models.PositiveIntegerField(default=1, help_text='of how many objects')),
                ('changes', models.JSONField(default=dict, help_text='{field: [before, after]}')),
                ('first_addresses', models.JSONField(default=list, help_text='the first 20 addresses, for lists')),
                ('part_of', models.ForeignKey(blank=True, db_index=False, help_text='the event of the operation around this one', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='ipam.event')),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=32)),
                ('severity', models.PositiveSmallIntegerField(choices=[(1, 'serious'), (2, 'warning'), (3, 'info')])),
                ('kind', models.CharField(help_text='network, address, machine, cluster, project, pool or survey', max_length=16)),
                ('object_id', models.CharField(blank=True, default='', max_length=128)),
                ('object_name', models.CharField(blank=True, default='', max_length=255)),
                ('family', models.PositiveSmallIntegerField(blank=True, choices=[(4, 'IPv4'), (6, 'IPv6')], null=True)),
                ('network_id', models.CharField(blank=True, default='', help_text='empty for none', max_length=128)),
                ('project_id', models.UUIDField(blank=True, help_text='whose it is; empty: of the platform', null=True)),
                ('sentence', models.CharField(max_length=500)),
            ],
            options={
                'ordering': ['severity', 'code', 'id'],
                'indexes': [models.Index(fields=['severity', 'id'], name='finding_worst'), models.Index(fields=['project_id', 'severity', 'id'], name='finding_of_project'), models.Index(fields=['network_id', 'severity', 'id'], name='finding_of_network')],
            },
        ),
        migrations.CreateModel(
            name='IdempotentResponse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('request', models.BinaryField(help_text='SHA-256 of method, address and body', max_length=32)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.TextField(default='')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=255)),
                ('subject', models.CharField(max_length=255)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'identities',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='LocalSpace',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('first', ipam.fields.AddressField(editable=False)),
            ],
            options={
                'verbose_name_plural': 'local space',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='local_space_once', violation_error_message='An installation has one local space.')],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network_id', models.CharField(max_length=128)),
                ('address', ipam.fields.AddressField(help_text='empty: the network itself', null=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='ipam.event')),
            ],
        ),
        migrations.CreateModel(
            name='Network',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', ipam.models.base.SlugIdField(max_length=128, primary_key=True, serialize=False)),
                ('type', models.CharField(choices=[('external', 'external'), ('underlay', 'underlay'), ('super', 'super'), ('super-namespaced', 'super-namespaced'), ('child', 'child'), ('child-shared', 'child-shared')], editable=False, max_length=16)),
                ('stack', models.CharField(choices=[('dual', 'dual-stack'), ('ipv4', 'IPv4 only'), ('ipv6', 'IPv6 only')], default='dual', max_length=4)),
                ('vrf_shared', models.BooleanField(default=False)),
                ('nat_type', models.CharField(choices=[('none', 'none'), ('ipv4-masquerade', 'IPv4 masquerade')], default='none', max_length=15)),
                ('destination_prefixes', models.JSONField(blank=True, default=list)),
                ('additional_announcable_cidrs', models.JSONField(blank=True, default=list)),
                ('default_child_length_ipv4', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('default_child_length_ipv6', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('min_child_length_ipv4', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('min_child_length_ipv6', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('parent', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='ipam.network')),
                ('partition', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='networks', to='ipam.partition')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='MachineNetwork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('machine', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='ipam.machine')),
                ('network', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='ipam.network')),
            ],
            options={
                'ordering': ['machine', 'position'],
            },
        ),
        migrations.AddField(
            model_name='machine',
            name='networks',
            field=models.ManyToManyField(related_name='machines', through='ipam.MachineNetwork', to='ipam.network'),
        ),
        migrations.CreateModel(
            name='ClusterRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('pods', 'pods'), ('services', 'services')], max_length=8)),
                ('family', models.PositiveSmallIntegerField(choices=[(4, 'IPv4'), (6, 'IPv6')])),
                ('first', ipam.fields.AddressField()),
                ('last', ipam.fields.AddressField()),
                ('length', models.PositiveSmallIntegerField()),
                ('cluster', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='ranges', to='ipam.cluster')),
                ('reserved_in', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reserved_ranges', to='ipam.network')),
            ],
            options={
                'ordering': ['cluster', 'purpose', 'family'],
            },
        ),
        migrations.AddField(
            model_name='cluster',
            name='network',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clusters', to='ipam.network'),
        ),
        migrations.CreateModel(
            name='NumberRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pool', models.CharField(choices=[('vrf', 'VRF'), ('asn', 'ASN')], max_length=3)),
                ('first', models.PositiveIntegerField()),
                ('last', models.PositiveIntegerField()),
            ],
            options={
                'ordering': ['pool', 'first'],
                'constraints': [models.UniqueConstraint(fields=('pool', 'first'), name='number_range_once'), models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='number_range_not_empty')],
            },
        ),
        migrations.AddField(
            model_name='machine',
            name='partition',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='machines', to='ipam.partition'),
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('tenant', models.CharField(blank=True, default='', max_length=255)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['name', 'id'], name='project_by_name'), models.Index(ipam.natural.Natural('name'), models.F('id'), name='project_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Prefix',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('family', models.PositiveSmallIntegerField(choices=[(4, 'IPv4'), (6, 'IPv6')])),
                ('first', ipam.fields.AddressField()),
                ('last', ipam.fields.AddressField()),
                ('length', models.PositiveSmallIntegerField()),
                ('network', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='prefixes', to='ipam.network')),
                ('parent', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='ipam.prefix')),
                ('namespace', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ipam.project')),
            ],
            options={
                'verbose_name_plural': 'prefixes',
                'ordering': ['family', 'id'],
            },
        ),
        migrations.AddField(
            model_name='network',
            name='namespace',
            field=models.ForeignKey(blank=True, editable=False, help_text='The project whose own copy of a super-namespaced space this network was carved from.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ipam.project'),
        ),
        migrations.AddField(
            model_name='network',
            name='project',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='networks', to='ipam.project'),
        ),
        migrations.AddField(
            model_name='machine',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='machines', to='ipam.project'),
        ),
        migrations.CreateModel(
            name='IPAddress',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('address', ipam.fields.AddressField(editable=False)),
                ('family', models.PositiveSmallIntegerField(choices=[(4, 'IPv4'), (6, 'IPv6')], editable=False)),
                ('allocation', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('type', models.CharField(choices=[('ephemeral', 'ephemeral'), ('static', 'static')], default='ephemeral', max_length=9)),
                ('machine', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='ipam.machine')),
                ('network', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='ipam.network')),
                ('prefix', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='ipam.prefix')),
                ('namespace', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ipam.project')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='addresses', to='ipam.project')),
            ],
            options={
                'verbose_name': 'IP address',
                'verbose_name_plural': 'IP addresses',
                'ordering': ['address', 'id'],
            },
        ),
        migrations.CreateModel(
            name='FreeBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.PositiveSmallIntegerField(choices=[(4, 'IPv4'), (6, 'IPv6')])),
                ('first', ipam.fields.AddressField()),
                ('length', models.PositiveSmallIntegerField()),
                ('network', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='free_blocks', to='ipam.network')),
                ('prefix', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='free_blocks', to='ipam.prefix')),
                ('namespace', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ipam.project')),
            ],
            options={
                'ordering': ['prefix', 'first'],
            },
        ),
        migrations.AddField(
            model_name='cluster',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clusters', to='ipam.project'),
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(editable=False, max_length=255)),
                ('allocation', models.UUIDField(editable=False, unique=True)),
                ('network', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='ipam.network')),
                ('project', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='ipam.project')),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='RoleBinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('operator', 'operator'), ('auditor', 'auditor'), ('owner', 'owner'), ('editor', 'editor'), ('viewer', 'viewer')], max_length=8)),
                ('source', models.CharField(choices=[('local', 'given here'), ('group', 'of a group at the identity provider')], default='local', editable=False, max_length=5)),
                ('project', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='role_bindings', to='ipam.project')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='role_bindings', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ServiceAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_accounts', to='ipam.project')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='service_account', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Tenure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', ipam.fields.AddressField(help_text='of a block: its first')),
                ('length', models.PositiveSmallIntegerField(help_text='of a block; empty for a single address', null=True)),
                ('prefix_length', models.PositiveSmallIntegerField(help_text='of the prefix that it was taken from', null=True)),
                ('namespace_id', models.UUIDField(null=True)),
                ('network_id', models.CharField(max_length=128)),
                ('project_id', models.UUIDField(null=True)),
                ('project_name', models.CharField(default='', max_length=255)),
                ('machine_id', models.CharField(default='', help_text='empty for none', max_length=128)),
                ('machine_name', models.CharField(default='', max_length=255)),
                ('name', models.CharField(default='', help_text='as it began', max_length=255)),
                ('type', models.CharField(default='', help_text="of an address as it began; of a block: its network's", max_length=16)),
                ('allocation', models.UUIDField(null=True)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(help_text='empty while it lasts', null=True)),
                ('from_exact', models.BooleanField(default=True, help_text='whether it began at `since`, or before')),
                ('begun_by', models.BigIntegerField(help_text='an event, which may have been forgotten', null=True)),
                ('ended_by', models.BigIntegerField(help_text='an event, which may have been forgotten', null=True)),
                ('actor', models.CharField(default='', help_text='who began it', max_length=255)),
                ('door', models.CharField(default='', help_text='through which it began', max_length=9)),
            ],
            options={
                'ordering': ['address', 'since', 'id'],
                'indexes': [models.Index(fields=['address', 'since'], name='tenure_of_address'), models.Index(fields=['begun_by'], name='tenure_begun_by'), models.Index(condition=models.Q(('ended_by__isnull', False)), fields=['ended_by'], name='tenure_ended_by')],
                'constraints': [models.UniqueConstraint(models.F('address'), django.db.models.functions.comparison.Coalesce('namespace_id', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), condition=models.Q(('length', None), ('until', None)), name='tenure_one_open_per_address', violation_error_message='An address has one holder at a time. Run `manage.py doctor --repair`.'), models.UniqueConstraint(models.F('address'), django.db.models.functions.comparison.Coalesce('namespace_id', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), condition=models.Q(('length__isnull', False), ('until', None)), name='tenure_one_open_per_block', violation_error_message='A block has one holder at a time. Run `manage.py doctor --repair`.')],
            },
        ),
        migrations.CreateModel(
            name='UtilizationSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.PositiveSmallIntegerField(choices=[(4, 'IPv4'), (6, 'IPv6')])),
                ('utilization', models.FloatField(help_text='0..1')),
                ('sampled_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('network', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='samples', to='ipam.network')),
            ],
            options={
                'ordering': ['family', '-utilization'],
            },
        ),
        migrations.CreateModel(
            name='VRF',
            fields=[
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(blank=True, default='', max_length=255)),
                ('description', models.CharField(blank=True, default='', max_length=2000)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('id', models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name='VNI')),
                ('kept', models.BooleanField(default=False, editable=False, help_text='Made by hand: it stays when its last network goes. All others return to the pool then.')),
            ],
            options={
                'verbose_name': 'VRF',
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('id__gte', 1), ('id__lte', 16777215)), name='vrf_vni_in_range', violation_error_message='A VNI is between 1 and 16777215.')],
            },
        ),
        migrations.AddField(
            model_name='network',
            name='vrf',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='networks', to='ipam.vrf'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['at', 'id'], name='event_newest'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['kind', 'object_id', 'at', 'id'], name='event_of_object'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['network_id', 'at', 'id'], name='event_of_network'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['project_id', 'at', 'id'], name='event_of_project'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['actor', 'at', 'id'], name='event_of_actor'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['request_id'], name='event_of_request'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('part_of__isnull', False)), fields=['part_of', 'id'], name='event_part_of'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('door__in', ['dashboard', 'api', 'admin', 'command'])), name='event_door_known', violation_error_message='A door is dashboard, api, admin or command.'),
        ),
        migrations.AddIndex(
            model_name='idempotentresponse',
            index=models.Index(fields=['at'], name='kept_answer_oldest'),
        ),
        migrations.AddConstraint(
            model_name='idempotentresponse',
            constraint=models.UniqueConstraint(fields=('user', 'key'), name='kept_answer_once_per_key', violation_error_message='This key has been answered already.'),
        ),
        migrations.AddConstraint(
            model_name='identity',
            constraint=models.UniqueConstraint(fields=('issuer', 'subject'), name='identity_once', violation_error_code='already_exists', violation_error_message='This account of the provider belongs to a user. Unlink it there first.'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('address__isnull', False)), fields=['address', 'network_id'], name='mention_of_address'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('address', None)), fields=['network_id', 'event'], name='mention_of_network'),
        ),
        migrations.AddConstraint(
            model_name='machinenetwork',
            constraint=models.UniqueConstraint(fields=('machine', 'position'), name='machine_network_position_once'),
        ),
        migrations.AddConstraint(
            model_name='machinenetwork',
            constraint=models.UniqueConstraint(fields=('machine', 'network'), name='machine_network_once'),
        ),
        migrations.AddIndex(
            model_name='clusterrange',
            index=models.Index(fields=['first', 'last'], name='cluster_range_by_address'),
        ),
        migrations.AddConstraint(
            model_name='clusterrange',
            constraint=models.UniqueConstraint(fields=('cluster', 'purpose', 'family'), name='cluster_range_once', violation_error_message='A cluster has one range of each family for pods, and one for services.'),
        ),
        migrations.AddConstraint(
            model_name='clusterrange',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['pods', 'services'])), name='cluster_range_purpose_known', violation_error_message='A range is for pods or services.'),
        ),
        migrations.AddConstraint(
            model_name='clusterrange',
            constraint=models.CheckConstraint(condition=models.Q(('family', ipam.fields.FamilyOf('first')), ('first__lte', models.F('last')), ('family', ipam.fields.FamilyOf('last')), models.Q(models.Q(('family', 4), ('length__lte', 32)), models.Q(('family', 6), ('length__lte', 128)), _connector='OR')), name='cluster_range_is_a_block_of_its_family', violation_error_message='A range is a block of addresses of its family.'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['network', 'family', 'id'], name='prefix_of_network'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['parent', 'namespace', 'first'], name='prefix_siblings'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['first', 'last'], name='prefix_by_address'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['length', 'id'], name='prefix_by_length'),
        ),
        migrations.AddIndex(
            model_name='prefix',
            index=models.Index(fields=['parent', 'length', 'first'], name='prefix_children_by_length'),
        ),
        migrations.AddConstraint(
            model_name='prefix',
            constraint=models.CheckConstraint(condition=models.Q(('family', ipam.fields.FamilyOf('first')), ('family', ipam.fields.FamilyOf('last'))), name='prefix_family_is_of_its_addresses', violation_error_message='The family of a prefix is that of its addresses.'),
        ),
        migrations.AddConstraint(
            model_name='prefix',
            constraint=models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='prefix_first_not_above_last', violation_error_message='A prefix starts before it ends.'),
        ),
        migrations.AddConstraint(
            model_name='prefix',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('family', 4), ('length__lte', 32)), models.Q(('family', 6), ('length__lte', 128)), _connector='OR'), name='prefix_length_in_family', violation_error_message='A prefix length is 0..32 for IPv4 and 0..128 for IPv6.'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['name', 'id'], name='machine_by_name'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), name='machine_in_order'),
        ),
        migrations.AddIndex(
            model_name='machine',
            index=models.Index(fields=['created_at', 'id'], name='machine_by_age'),
        ),
        migrations.AddConstraint(
            model_name='machine',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['machine', 'firewall'])), name='machine_role_known', violation_error_message='A role is machine or firewall.'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['network', 'address'], name='address_of_network'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['prefix', 'address'], name='address_of_prefix'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['project', 'address'], name='address_of_project'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['name', 'id'], name='address_by_name'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), name='address_in_order'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(fields=['created_at', 'id'], name='address_by_age'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('machine__isnull', False)), fields=['machine', 'address'], name='address_of_machine'),
        ),
        migrations.AddIndex(
            model_name='ipaddress',
            index=models.Index(condition=models.Q(('namespace__isnull', False)), fields=['namespace', 'address'], name='address_in_namespace'),
        ),
        migrations.AddConstraint(
            model_name='ipaddress',
            constraint=models.UniqueConstraint(models.F('address'), django.db.models.functions.comparison.Coalesce('namespace', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), name='address_once_per_namespace', violation_error_code='already_allocated', violation_error_message='The address is already allocated.'),
        ),
        migrations.AddConstraint(
            model_name='ipaddress',
            constraint=models.UniqueConstraint(fields=('allocation', 'family'), name='address_one_per_family_and_allocation', violation_error_message='An allocation has at most one address of each family.'),
        ),
        migrations.AddConstraint(
            model_name='ipaddress',
            constraint=models.CheckConstraint(condition=models.Q(('family', ipam.fields.FamilyOf('address'))), name='address_family_is_its_own', violation_error_message='The family is that of the address.'),
        ),
        migrations.AddConstraint(
            model_name='ipaddress',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['ephemeral', 'static'])), name='address_type_known', violation_error_message='An address is ephemeral or static.'),
        ),
        migrations.AddIndex(
            model_name='freeblock',
            index=models.Index(fields=['prefix', 'namespace', '-length', 'first'], name='free_block_best_fit'),
        ),
        migrations.AddConstraint(
            model_name='freeblock',
            constraint=models.UniqueConstraint(models.F('network'), models.F('family'), models.F('prefix'), models.F('first'), django.db.models.functions.comparison.Coalesce('namespace', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), name='free_block_once'),
        ),
        migrations.AddConstraint(
            model_name='cluster',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'released'), _negated=True), fields=('project', 'name'), name='cluster_name_once_per_project', violation_error_code='already_exists', violation_error_message='The project already has a cluster of this name. Choose another.'),
        ),
        migrations.AddConstraint(
            model_name='cluster',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'reserved')), fields=('network',), name='cluster_one_per_node_network', violation_error_code='node_network_taken', violation_error_message='Another cluster already stands on this node network. Carve one of its own.'),
        ),
        migrations.AddConstraint(
            model_name='cluster',
            constraint=models.CheckConstraint(condition=models.Q(('families__in', ['ipv4', 'ipv6', 'ipv4,ipv6', 'ipv6,ipv4']), ('platform__in', ['gardener', 'kubeadm', 'kubernetes']), ('state__in', ['draft', 'reserved', 'released'])), name='cluster_choices_known', violation_error_message='State, platform and families of a cluster are among those that are offered.'),
        ),
        migrations.AddConstraint(
            model_name='cluster',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('families', 'ipv6'), ('node_mask_ipv4__isnull', True)), models.Q(models.Q(('families', 'ipv6'), _negated=True), models.Q(('node_mask_ipv4__isnull', True), _negated=True), ('node_mask_ipv4__lte', 32)), _connector='OR'), models.Q(models.Q(('families', 'ipv4'), ('node_mask_ipv6__isnull', True)), models.Q(models.Q(('families', 'ipv4'), _negated=True), models.Q(('node_mask_ipv6__isnull', True), _negated=True), ('node_mask_ipv6__lte', 128)), _connector='OR')), name='cluster_node_mask_per_family', violation_error_message='A cluster has a node mask for each of its families, and for no other.'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(fields=('network', 'project', 'name'), name='claim_once_per_name', violation_error_code='already_exists', violation_error_message='Another request has just claimed by this name. Send it again.'),
        ),
        migrations.AddConstraint(
            model_name='rolebinding',
            constraint=models.UniqueConstraint(fields=('user', 'project'), name='role_once_per_project', violation_error_code='already_exists', violation_error_message='The user already has a role here. Change that one.'),
        ),
        migrations.AddConstraint(
            model_name='rolebinding',
            constraint=models.UniqueConstraint(condition=models.Q(('project__isnull', True)), fields=('user',), name='role_once_on_the_platform', violation_error_code='already_exists', violation_error_message='The user already has a role of the platform. Change that one.'),
        ),
        migrations.AddConstraint(
            model_name='rolebinding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('project__isnull', True), ('role__in', ['operator', 'auditor'])), models.Q(('project__isnull', False), ('role__in', ['owner', 'editor', 'viewer'])), _connector='OR'), name='role_fits_its_place', violation_error_message='Operators and auditors are of the platform, owners, editors and viewers of a project.'),
        ),
        migrations.AddIndex(
            model_name='utilizationsample',
            index=models.Index(fields=['family', '-utilization'], name='sample_fullest'),
        ),
        migrations.AddConstraint(
            model_name='utilizationsample',
            constraint=models.UniqueConstraint(fields=('network', 'family'), name='sample_once_per_family', violation_error_message='Another survey has just been kept.'),
        ),
        migrations.AddConstraint(
            model_name='utilizationsample',
            constraint=models.CheckConstraint(condition=models.Q(('utilization__gte', 0), ('utilization__lte', 1)), name='sample_utilization_is_a_share', violation_error_message='A utilization is between 0 and 1.'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(fields=['type', 'id'], name='network_by_type'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(condition=models.Q(('parent__isnull', True)), fields=['id'], name='network_roots'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(models.F('parent'), ipam.natural.Natural('name'), models.F('id'), name='network_children'),
        ),
        migrations.AddIndex(
            model_name='network',
            index=models.Index(ipam.natural.Natural('name'), models.F('id'), name='network_by_name'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['external', 'underlay', 'super', 'super-namespaced', 'child', 'child-shared'])), name='network_type_known', violation_error_message='A type is external, underlay, super, super-namespaced, child or child-shared.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.CheckConstraint(condition=models.Q(('stack__in', ['dual', 'ipv4', 'ipv6'])), name='network_stack_known', violation_error_message='A stack is dual, ipv4 or ipv6.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('type__in', ['child', 'child-shared']), ('parent__isnull', False), ('project__isnull', False)), models.Q(models.Q(('type__in', ['child', 'child-shared']), _negated=True), ('namespace__isnull', True), ('parent__isnull', True)), _connector='OR'), name='network_child_has_parent_and_project', violation_error_message='A child network has a parent and a project; other networks have no parent.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('type__in', ['external']), _negated=True), ('vrf__isnull', False), _connector='OR'), name='network_external_has_vrf', violation_error_message='An external network names its VRF.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('type__in', ['underlay']), _negated=True), models.Q(('nat_type', 'none'), ('partition__isnull', False), ('project__isnull', True), ('vrf__isnull', True)), _connector='OR'), name='network_underlay_has_partition_only', violation_error_message='An underlay network has a partition, and no project, VRF or NAT.'),
        ),
        migrations.AddConstraint(
            model_name='network',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['super', 'super-namespaced']), models.Q(('default_child_length_ipv4__isnull', True), ('default_child_length_ipv6__isnull', True), ('min_child_length_ipv4__isnull', True), ('min_child_length_ipv6__isnull', True)), _connector='OR'), name='network_child_lengths_on_super_only', violation_error_message='Only super networks have child prefix lengths.'),
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
        migrations.RunPython(postgresql.add_trigrams, postgresql.remove_trigrams),
        migrations.RunPython(postgresql.add_label_indexes, postgresql.remove_label_indexes),
        migrations.RunPython(postgresql.sweep_often, postgresql.sweep_as_usual),
    ]
