-- Up Migration
-- What pgtaxon made here, so that what a restore or a hand has lost is seen and mended.

create table schema_objects (
  object text primary key,
  definition text not null,
  repair text
);
comment on table schema_objects is 'Every object that taxon migrate made in this schema, as the catalogue described it afterwards: taxon migrate --check compares.';
comment on column schema_objects.object is 'Which: its kind and its name without the schema, or the comment on it, or its privileges.';
comment on column schema_objects.definition is 'What the catalogue said of it; privileges are those of PUBLIC and of the four roles.';
comment on column schema_objects.repair is 'The statement that makes it again; NULL: the definition of a function, or the repeatable SQL does, or nothing can, as with a table and its rows.';
