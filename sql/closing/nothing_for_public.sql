-- taxon_internal: A function is PUBLIC's to call from the moment when it is made; here none stays so.

revoke execute on all functions in schema @schema@, @internal@ from public;
