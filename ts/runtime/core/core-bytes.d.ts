declare module "core:single" {
  const encoded: string;
  export default encoded;
}
