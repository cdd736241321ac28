"""psycopg: products go in, answers come out. Login: a member of taxon_writer.

pip install 'psycopg[binary]' && DATABASE_URL=… python psycopg-app.py
"""
import os

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
    # An exact answer comes back at once.
    product_id, state = db.execute(
        "insert into taxon.products (external_id, name) values (%s, %s) returning product_id, state",
        ("psycopg-1", "RED  kettle 1.7 l"),
    ).fetchone()
    # Any other is a sidecar's: wait for it, after COMMIT.
    if state == "pending":
        db.execute("select from taxon.wait_for(%s, timeout => '5 s')", (product_id,))
    name, path, source = db.execute(
        "select name, path, source from taxon.products_readable where product_id = %s", (product_id,)
    ).fetchone()
    print(f"{name}: {path} ({source})")

    # Thousands of names: COPY, one transaction.
    with db.cursor().copy("copy taxon.products (external_id, name) from stdin") as copy:
        for number in range(1000):
            copy.write_row((f"copied-{number}", f"red kettle 1.7 l"))
    answered = db.execute("select count(*) from taxon.products where external_id like 'copied-%' and state = 'done'")
    print(f"{answered.fetchone()[0]} copied and answered")
