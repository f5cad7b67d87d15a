from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ipam", "0013_history_as_rows")]

    operations = [migrations.RenameModel("KeptAnswer", "IdempotentResponse")]
