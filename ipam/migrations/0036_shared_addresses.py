import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0035_set_aside_of_prefix'),
    ]

    operations = [
        migrations.AddField(
            model_name='ipaddress',
            name='shared',
            field=models.CharField(blank=True, choices=[('anycast', 'anycast'), ('vip', 'VIP')], db_default='', default='', editable=False, max_length=7),
        ),
        migrations.AddConstraint(
            model_name='ipaddress',
            constraint=models.CheckConstraint(condition=models.Q(('shared', ''), models.Q(('shared__in', ['anycast', 'vip']), ('type', 'static')), _connector='OR'), name='address_shared_is_static', violation_error_message='An address that is shared, as anycast or vip, is static.'),
        ),
        migrations.CreateModel(
            name='AddressHolder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='holders', to='ipam.ipaddress')),
                ('machine', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holdings', to='ipam.machine')),
            ],
            options={
                'ordering': ['address', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='addressholder',
            index=models.Index(fields=['machine'], name='holder_by_machine'),
        ),
        migrations.AddConstraint(
            model_name='addressholder',
            constraint=models.UniqueConstraint(fields=('address', 'machine'), name='holder_once'),
        ),
    ]
