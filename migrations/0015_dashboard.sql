-- Up Migration
-- Who may open the page from elsewhere than the machine it runs on.

create table dashboard_tokens (
  name text primary key,
  role text not null check (role in ('taxon_reader', 'taxon_admin')),
  token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
  created_at timestamptz not null default now(),
  created_by text not null default session_user
);
comment on table dashboard_tokens is 'Tokens of the people who open the page from elsewhere; made by taxon dashboard token add.';
comment on column dashboard_tokens.name is 'Whose it is; stands in the reason of what the person changes.';
comment on column dashboard_tokens.role is 'The role that the person''s requests run as: taxon_reader looks, taxon_admin changes.';
comment on column dashboard_tokens.token_sha256 is 'Digest of the token, which itself (32 random bytes) is stored nowhere.';
comment on column dashboard_tokens.created_at is 'When it was made.';
comment on column dashboard_tokens.created_by is 'By which role.';
