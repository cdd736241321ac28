"""Django: unmanaged models upon the tables of pgtaxon. Login: a member of taxon_writer.

pip install django 'psycopg[binary]' && DATABASE_URL=… python django-app.py
"""
import os
from urllib.parse import parse_qsl, unquote, urlsplit

import django
from django.conf import settings
from django.db import connection, models

url = urlsplit(os.environ["DATABASE_URL"])
options = dict(parse_qsl(url.query))
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path[1:],
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": options.get("host") or url.hostname or "",
            "PORT": options.get("port") or url.port or "",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()


class Product(models.Model):
    """What an application writes. Django names all columns of a model in its INSERTs, and may write no other."""

    product_id = models.BigAutoField(primary_key=True)
    external_id = models.TextField(null=True)
    name = models.TextField(null=True)

    class Meta:
        app_label = "shop"
        managed = False  # makemigrations leaves it alone
        db_table = 'taxon"."products'  # Django has no schemas: this way the quotes come out right


class Answer(models.Model):
    """What it reads."""

    product_id = models.BigIntegerField(primary_key=True)
    name = models.TextField()
    state = models.TextField()
    source = models.TextField(null=True)
    path = models.TextField(null=True)
    l3_confidence = models.FloatField(null=True)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = 'taxon"."products_readable'


product = Product.objects.create(external_id="django-1", name="RED  kettle 1.7 l")
# A name that memory knows is answered by the INSERT; for any other, wait for a sidecar. Not inside the transaction of the INSERT:
# with ATOMIC_REQUESTS, in transaction.on_commit().
with connection.cursor() as cursor:
    cursor.execute("select from taxon.wait_for(%s, timeout => '5 s')", [product.pk])
answer = Answer.objects.get(pk=product.pk)
print(f"{answer.name}: {answer.path} ({answer.source})")
