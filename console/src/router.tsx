import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { flat, parseSearch } from "./address";
import { paths, toSearch } from "./paths";
import { routes } from "./routes";
import { Broken } from "./shell/Broken";
import { Guard } from "./shell/Guard";
import { NotFound } from "./shell/NotFound";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ href: paths.log(), replace: true });
  },
});

const pages = routes.map((entry) => {
  const Page = lazyRouteComponent(entry.page);
  return createRoute({
    getParentRoute: () => root,
    path: entry.path,
    component: () => (
      <Guard entry={entry}>
        <Page />
      </Guard>
    ),
  });
});

/** Nothing is read on hover: a read is on record as somebody's, and nobody has asked for it yet. */
export const router = createRouter({
  routeTree: root.addChildren([home, ...pages]),
  parseSearch,
  stringifySearch: (search) => toSearch(flat(search)),
  defaultPreload: false,
  defaultErrorComponent: Broken,
  scrollRestoration: false,
});
