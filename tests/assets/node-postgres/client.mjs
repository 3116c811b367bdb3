// What an app on node does with a database, through node-postgres as it comes from npm.
import pg from "pg";
import Cursor from "pg-cursor";

const [url, trace] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
const prepared = await client.query({
  name: "one", text: `SELECT id, card_number FROM orders WHERE id = $1 ${trace}`, values: [5],
});
const again = await client.query({
  name: "one", text: `SELECT id, card_number FROM orders WHERE id = $1 ${trace}`, values: [6],
});
const all = await client.query(`SELECT * FROM orders ${trace}`);
const cursor = client.query(new Cursor(`SELECT id FROM orders ${trace}`));
const parts = [];
for (let rows = await cursor.read(8); rows.length; rows = await cursor.read(8)) parts.push(rows.length);
await cursor.close();
const codeOf = (sql) => client.query(sql).then(() => "", (fault) => fault.code);
const refused = await codeOf("SELECT * FROM payroll.salaries");
const failed = await codeOf("SELECT 1 / 0");
const { rows } = await client.query("SELECT 1 AS one");
await client.end();
console.log(JSON.stringify({
  prepared: [...prepared.rows, ...again.rows], rows: all.rowCount, parts, refused, failed, after: rows[0].one,
}));
