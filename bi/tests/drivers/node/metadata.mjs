// The official client for JavaScript, printed a line each. Arguments: the address.
import { createClient } from '@clickhouse/client';

const client = createClient({
  url: process.argv[2],
  username: 'any',
  password: process.env.USERTRAIL_KEY,
  database: 'usertrail',
  compression: { response: true },
});

async function say(name, step) {
  try {
    console.log(name, await step());
  } catch (error) {
    console.log(`FAILED ${name}: ${error.message}`);
  }
}

async function rows(query, parameters = {}) {
  const result = await client.query({ query, format: 'JSONEachRow', query_params: parameters });
  return result.json();
}

await say('ping', async () => (await client.ping({ select: true })).success);
await say('tables', async () => (await rows('SHOW TABLES')).map((row) => row.name).join(' '));
await say('columns', async () => (await rows('DESCRIBE TABLE users')).map((row) => row.name).join(' '));
await say('described', async () =>
  (await rows('DESCRIBE (SELECT actor_id, count() AS n FROM events GROUP BY actor_id)')).map((row) => `${row.name}:${row.type}`).join(' '),
);
await say('bound', async () => (await rows('SELECT count() AS n FROM events WHERE actor_id = {actor: String}', { actor: '1' }))[0].n);
await say('streamed', async () => {
  const result = await client.query({ query: 'SELECT event_id FROM events', format: 'JSONCompactEachRow' });
  let count = 0;
  for await (const batch of result.stream()) count += batch.length;
  return count;
});
await say('refused', async () => {
  try {
    await rows('SELECT * FROM nope');
    return 'no';
  } catch (error) {
    return error.code === '60' && error.type === 'UNKNOWN_TABLE' ? 'with reason' : error.message;
  }
});
await client.close();
