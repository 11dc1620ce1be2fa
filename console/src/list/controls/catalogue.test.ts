import { expect, it } from "vitest";
import { choose, search, stateOf, tree } from "./catalogue";

const entries = [
  { type: "task.deleted", name: "Задача удалена", class: "delete", module: "tasks", labels: { module: "Задачи" } },
  { type: "order.created", name: "Заказ создан", class: "create", module: "orders", labels: { module: "Заказы" } },
  { type: "task.created", name: "Задача создана", class: "create", module: "tasks", labels: { module: "Задачи" } },
  { type: "x", name: "", class: "other", module: "", labels: {} },
];

it("has modules and types by name, what belongs nowhere last", () => {
  const modules = tree(entries, "ru");
  expect(modules.map(({ id, types }) => [id, types.map((type) => type.id)])).toEqual([
    ["tasks", ["task.created", "task.deleted"]],
    ["orders", ["order.created"]],
    ["", ["x"]],
  ]);
  expect(search(modules, "УДАЛ", "ru").map(({ types }) => types.map(({ id }) => id))).toEqual([["task.deleted"]]);
  expect(search(modules, "задачи", "ru")[0]?.types).toHaveLength(2);
  expect(search(modules, "nothing", "ru")).toEqual([]);
});

it("chooses all or none of a group", () => {
  const [tasks] = tree(entries, "ru");
  const types = tasks?.types ?? [];
  expect(stateOf(types, new Set())).toBe("none");
  expect(stateOf(types, new Set(["task.created"]))).toBe("some");
  const all = new Set(choose(new Set(["x"]), types, true));
  expect(stateOf(types, all)).toBe("all");
  expect(choose(all, types, false)).toEqual(["x"]);
});
