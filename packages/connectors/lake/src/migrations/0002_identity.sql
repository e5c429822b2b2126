-- Which key and which folder this lake was begun with, by id, so that no process writes it under another key or elsewhere.
CREATE TABLE lake.identity (
  name  text PRIMARY KEY,
  value text NOT NULL
);
