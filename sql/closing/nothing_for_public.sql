-- taxon_internal: A function is PUBLIC's to call from the moment when it is made; here none stays so.

do $$
begin
  execute format('revoke execute on all functions in schema %I from public', current_schema());
end $$;
