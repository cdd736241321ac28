-- One encoder follows another: embeddings of both side by side, filled in the background, removed by command.

insert into all_settings (key, value, description) values
  ('fill_embeddings', 'true', 'Sidecars that name several encoders encode in the background every labelled name that one of them has not seen; false: a pause.');

-- it takes the encoder now
drop function if exists neighbour_index();
