/** What a developer pastes to send a first event, with the real address and, once, the real key. */

/** In what it can be sent. */
export const TONGUES = ["curl", "typescript", "python"] as const;

/** In what it can be sent. */
export type Tongue = (typeof TONGUES)[number];

/** Names of the languages, which are the same everywhere. */
export const TONGUE_NAMES: Record<Tongue, string> = { curl: "curl", typescript: "TypeScript", python: "Python" };

/** What stands for a key that is not known: secrets are shown once. */
export const NO_KEY = "ut_…";

/** An event that needs nothing to be set up: its type is in the catalogue, its actor and object are made up. */
export const EXAMPLE = {
  type: "deal.viewed",
  actor: { id: "u-1", name: "Ann Lee" },
  object: { type: "deal", id: "D-77", name: "Boiler" },
} as const;

/** A snippet that sends the example. */
export function snippet(tongue: Tongue, origin: string, secret: string | undefined): string {
  const key = secret ?? NO_KEY;
  const { actor, object, type } = EXAMPLE;
  switch (tongue) {
    case "curl":
      return [
        `curl ${origin}/v1/events \\`,
        `  -H 'Authorization: Bearer ${key}' \\`,
        "  -H 'Content-Type: application/json' \\",
        "  -d '{",
        `    "type": "${type}",`,
        `    "actor": {"id": "${actor.id}", "name": "${actor.name}"},`,
        `    "object": {"type": "${object.type}", "id": "${object.id}", "name": "${object.name}"}`,
        "  }'",
      ].join("\n");
    case "typescript":
      return [
        `const answer = await fetch("${origin}/v1/events", {`,
        '  method: "POST",',
        "  headers: {",
        `    authorization: "Bearer ${key}",`,
        '    "content-type": "application/json",',
        "  },",
        "  body: JSON.stringify({",
        `    type: "${type}",`,
        `    actor: { id: "${actor.id}", name: "${actor.name}" },`,
        `    object: { type: "${object.type}", id: "${object.id}", name: "${object.name}" },`,
        "  }),",
        "});",
        "console.log(answer.status, await answer.json());",
      ].join("\n");
    case "python":
      return [
        "import requests",
        "",
        "answer = requests.post(",
        `    "${origin}/v1/events",`,
        `    headers={"Authorization": "Bearer ${key}"},`,
        "    json={",
        `        "type": "${type}",`,
        `        "actor": {"id": "${actor.id}", "name": "${actor.name}"},`,
        `        "object": {"type": "${object.type}", "id": "${object.id}", "name": "${object.name}"},`,
        "    },",
        ")",
        "print(answer.status_code, answer.json())",
      ].join("\n");
  }
}
