declare module "virtual:words/*" {
  const messages: Record<string, import("react-intl").MessageFormatElement[] | string>;
  export default messages;
}
