/** A list as a person works with it: the filter at the right, the table, what stands above and below. */
import { expect, type Locator, type Page } from "@playwright/test";
import type { Translate } from "./words";

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

export class List {
  constructor(
    readonly page: Page,
    readonly t: Translate,
  ) {}

  get panel(): Locator {
    return this.page.getByRole("complementary", { name: this.t("list.filter"), exact: true });
  }

  get table(): Locator {
    return this.page.getByRole("table").first();
  }

  /** Rows without the head. */
  get rows(): Locator {
    return this.table.getByRole("row").filter({ has: this.page.getByRole("cell") });
  }

  get chips(): Locator {
    return this.page.getByRole("list", { name: this.t("list.applied") });
  }

  /** Waits until the table has the answer of what is applied. */
  async settled(): Promise<void> {
    await expect(this.table).toHaveAttribute("aria-busy", "false");
  }

  /** A column's texts, top to bottom, by the column's name. */
  async column(name: string): Promise<string[]> {
    await this.settled();
    const heads = await this.table.getByRole("columnheader").allInnerTexts();
    const at = heads.findIndex((head) => head.trim() === name);
    expect(at, `column ${name} among ${heads.join(", ")}`).toBeGreaterThanOrEqual(0);
    const rows = await this.rows.all();
    return Promise.all(rows.map(async (row) => (await row.getByRole("cell").nth(at).innerText()).trim()));
  }

  /** One of a few. */
  async select(label: string, choice: string): Promise<void> {
    await this.panel.getByRole("button", { name: new RegExp(`${escaped(label)}$`) }).click();
    await this.page.getByRole("option", { name: choice, exact: true }).click();
  }

  /** Any of many, each looked for by its name. */
  async choose(label: string, ...choices: string[]): Promise<void> {
    await this.panel.getByRole("button", { name: new RegExp(`^${escaped(label)}`) }).click();
    const dialog = this.page.getByRole("dialog", { name: label });
    for (const choice of choices) {
      // oxlint-disable-next-line no-await-in-loop -- as a person does: one after the other
      await dialog.getByRole("searchbox").fill(choice);
      const option = dialog.getByRole("option", { name: choice }).first();
      // oxlint-disable-next-line no-await-in-loop -- see above
      await option.click();
      // oxlint-disable-next-line no-await-in-loop -- see above
      await expect(option).toHaveAttribute("aria-selected", "true");
    }
    // A press beside it closes it; Esc more than once would take the draft back.
    await this.page.mouse.click(4, 4);
    await expect(dialog).toHaveCount(0);
  }

  /** One or several of a few that are all in sight. */
  async check(...choices: string[]): Promise<void> {
    for (const choice of choices) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.panel.getByRole("checkbox", { name: new RegExp(`^${escaped(choice)}`) }).click({ force: true });
    }
  }

  async fill(label: string, text: string): Promise<void> {
    await this.panel.getByLabel(label, { exact: true }).fill(text);
  }

  /** Events of the catalogue, looked for by name. */
  async events(group: string, ...names: string[]): Promise<void> {
    const tree = this.panel.getByRole("group", { name: group, exact: true });
    for (const name of names) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tree.getByRole("searchbox").fill(name);
      // oxlint-disable-next-line no-await-in-loop -- see above
      await tree
        .getByRole("checkbox", { name: new RegExp(`${escaped(name)}( \\d+)?$`) })
        .last()
        .click({ force: true });
    }
  }

  async apply(): Promise<void> {
    await this.panel.getByRole("button", { name: this.t("list.apply"), exact: true }).click();
    await this.settled();
  }
}
