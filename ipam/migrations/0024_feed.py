"""Events know their transaction, so that they can be read in an order in which nothing arrives late; leases.

Events that are there already are of the transaction of this migration: they come before all others, by id.
"""

import ipam.models.feed
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ipam', '0023_quotas'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedState',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('era', models.PositiveIntegerField(default=0, help_text='how often all positions have changed')),
                ('pruned_xid', models.BigIntegerField(default=0, help_text='of the last event that was pruned')),
                ('pruned_id', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('holder', models.CharField(max_length=300)),
                ('until', models.DateTimeField(help_text='then another may take it')),
            ],
        ),
        migrations.AddField(
            model_name='event',
            name='xid',
            field=models.BigIntegerField(db_default=ipam.models.feed.WritingTransaction(), editable=False),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['xid', 'id'], name='event_in_feed'),
        ),
        migrations.AddConstraint(
            model_name='feedstate',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='feed_is_one', violation_error_message='There is one feed.'),
        ),
    ]
