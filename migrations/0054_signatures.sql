-- Up Migration
-- Similar look-up at a million labels: GIN over trigrams takes 84 ms a name there (p50; p95 270), nearly all of it merging posting lists.
-- Names that are alike share bands of MinHash values; who shares one is compared.

create table label_signatures (
  name_hash bytea primary key,
  bands integer[] not null,
  sketch bit(256) not null
);
comment on table label_signatures is 'Signatures of labelled names, derived from labels alone. To have them made anew: truncate label_signatures, signature_state; a sidecar does it. No foreign key: its check would write to each label once more; what has no label is never looked at.';
comment on column label_signatures.name_hash is 'Digest of the name key, as in labels.';
comment on column label_signatures.sketch is 'A bit of each trigram: about how similar two names are, without reading them.';
comment on column label_signatures.bands is 'What signatures() says of the name: two names that are alike share some.';
-- B-trees of each band and not one GIN index of the array: at 300,000 labels 11 s and 78 MB for 44 s and 148 MB.
do $$
begin
  for i in 1 .. 16 loop
    execute format('create index label_signatures_band_%s on label_signatures ((bands[%s]))', i, i);
  end loop;
end $$;

create table signature_state (
  only_row boolean primary key default true check (only_row),
  made_by text not null,
  writers text[],
  whole boolean not null default false,
  complete boolean not null default false
);
comment on table signature_state is 'Whether the similar layer looks into label_signatures; one row, none where no signatures are kept.';
comment on column signature_state.only_row is 'True.';
comment on column signature_state.made_by is 'The server, pg_trgm and locale that they are made with: signature_maker() then.';
comment on column signature_state.writers is 'Transactions that were writing labels when their triggers began to sign, and may not have seen it; NULL: not known yet.';
comment on column signature_state.whole is 'Whether the walk over all labels that sign_labels() is at began when these had ended.';
comment on column signature_state.complete is 'Whether each label has its signature: until then GIN answers.';

insert into all_settings (key, value, description) values
  ('signatures_from', '50000', 'From how many labels on the similar layer looks names up by signatures (label_signatures) and not by the GIN index of their trigrams; a sidecar makes them. They find names that are .6 alike or more: with a lower similarity_threshold GIN answers.');
