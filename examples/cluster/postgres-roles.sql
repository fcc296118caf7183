-- Run once by the image, on the new server. The role of the shop owns its database, in which the first replica makes the schema of
-- the ledger. With migrations of your own, let another role own it: docs/operate/postgres.md, "Roles and grants".
\getenv password SHOP_PASSWORD
create role shop login password :'password';
create database shop owner shop;
