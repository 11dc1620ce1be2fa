import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components/TextField";
import styles from "./Field.module.css";

interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "style" | "children"> {
  label: string;
  placeholder?: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** More than one line. */
  lines?: number;
  mono?: boolean;
}

export function TextField({ label, placeholder, hint, error, lines, mono, ...props }: TextFieldProps) {
  const control = `${styles.control} ${mono === true ? "mono" : ""}`;
  return (
    <AriaTextField {...props} isInvalid={error !== undefined} className={styles.field ?? ""}>
      <Label className={styles.label ?? ""}>{label}</Label>
      {lines === undefined ? (
        <Input className={control} placeholder={placeholder ?? ""} />
      ) : (
        <TextArea className={control} rows={lines} placeholder={placeholder ?? ""} />
      )}
      {hint === undefined ? null : (
        <Text slot="description" className={styles.hint ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={styles.error ?? ""}>{error ?? ""}</FieldError>
    </AriaTextField>
  );
}
