/**
 * Errors with a field `name`, which is an actor's: an Error prints its `name` as that of its class. These print the class
 * (`toString`, the first line of `stack`), and say the name in their message.
 */

/** What V8 has in the place of a stack that is no text yet, where that is an accessor: the same one for all errors. */
const own: { readonly get?: () => unknown } | undefined = Object.getOwnPropertyDescriptor(new Error(), "stack")
const read = own?.get

const titleOf = (error: Error): string => {
  const { name } = Object.getPrototypeOf(error) as { readonly name: string }
  return `${name}: ${error.message}`
}

const retitled = (error: Error, stack: unknown): unknown => {
  const shown = Error.prototype.toString.call(error)
  return typeof stack === "string" && stack.startsWith(shown) ? titleOf(error) + stack.slice(shown.length) : stack
}

const settle = (error: object, value: unknown): void => {
  Reflect.defineProperty(error, "stack", { value, writable: true, configurable: true })
}

// Shared: an error costs one field, and its stack becomes a text when it is read.
const late = {
  configurable: true,
  get(this: Error): unknown {
    return retitled(this, read?.call(this))
  },
  set(this: Error, value: unknown): void {
    settle(this, value)
  }
}

/** Of one that has its name. */
export const retitle = (error: Error): void => {
  if (!Object.hasOwn(error, "name")) return
  if (read === undefined) settle(error, retitled(error, error.stack))
  else Reflect.defineProperty(error, "stack", late)
}

/** The class of such errors. */
export const titled = <C extends new(...args: Array<never>) => Error>(Base: C): C => {
  class Titled extends (Base as unknown as new(...args: ReadonlyArray<unknown>) => Error) {
    constructor(...args: ReadonlyArray<unknown>) {
      super(...args)
      retitle(this)
    }

    override toString(): string {
      return titleOf(this)
    }
  }
  return Titled as unknown as C
}
