declare module "core:single" {
  const base64: string;
  export default base64;
}
declare module "core:threads" {
  const base64: string;
  export default base64;
}
