import { Search, X } from "lucide-react";
import type { RefObject } from "react";
import { Button } from "react-aria-components/Button";
import { Input } from "react-aria-components/Input";
import {
  SearchField as AriaSearchField,
  type SearchFieldProps as AriaSearchFieldProps,
} from "react-aria-components/SearchField";
import styles from "./SearchField.module.css";

interface SearchFieldProps extends Omit<AriaSearchFieldProps, "className" | "style" | "children" | "aria-label"> {
  label: string;
  placeholder?: string;
  clearLabel: string;
  input?: RefObject<HTMLInputElement | null>;
}

export function SearchField({ label, placeholder, clearLabel, input, ...props }: SearchFieldProps) {
  return (
    <AriaSearchField {...props} aria-label={label} className={styles.field ?? ""}>
      <Search size={14} aria-hidden className={styles.icon} />
      <Input className={styles.input ?? ""} placeholder={placeholder ?? label} {...(input ? { ref: input } : {})} />
      <Button className={styles.clear ?? ""} aria-label={clearLabel}>
        <X size={14} aria-hidden />
      </Button>
    </AriaSearchField>
  );
}
