/** Ends the session, for all copies of its cookie. */
export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE", credentials: "same-origin" });
  window.location.assign("/sign-in");
}
