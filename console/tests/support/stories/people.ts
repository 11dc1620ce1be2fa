/** Who the stories are about, and from where they come. */
const agents = {
  chrome:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  firefox: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
  phone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
} as const;

/** Where a request came from and with what. */
export function from(
  agent: keyof typeof agents,
  device: string,
  session: string,
  ip = "8.8.8.8",
): Record<string, unknown> {
  return { ip, user_agent: agents[agent], device_id: device, session_id: session };
}

/** An employee or a participant, as events name them. */
export interface Person {
  id: string;
  name: string;
  email: string;
}

export function person(id: string, name: string, email: string): Person {
  return { id, name, email };
}
