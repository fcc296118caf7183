// Makes JSON Schema from the `stripe` package's own declarations, so that tests fail if a field is unknown, missing or of
// another type. It is stricter than the types: enums are closed, there are no extra fields, and an object that the sandbox does
// not have is never expanded, so a reference to it is an id.
import { join } from 'node:path';
import { getLibFiles, ts } from '@ts-morph/common';

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };
export type Definitions = Readonly<Record<string, Schema>>;

/** The objects of the sandbox. Key: the value of `object` in the JSON; value: the type in the package. */
export const ROOTS: Readonly<Record<string, string>> = {
  account: 'Stripe.Account',
  balance: 'Stripe.Balance',
  balance_transaction: 'Stripe.BalanceTransaction',
  'billing_portal.session': 'Stripe.BillingPortal.Session',
  charge: 'Stripe.Charge',
  'checkout.session': 'Stripe.Checkout.Session',
  coupon: 'Stripe.Coupon',
  credit_note: 'Stripe.CreditNote',
  credit_note_line_item: 'Stripe.CreditNoteLineItem',
  customer: 'Stripe.Customer | Stripe.DeletedCustomer',
  customer_balance_transaction: 'Stripe.CustomerBalanceTransaction',
  discount: 'Stripe.Discount',
  dispute: 'Stripe.Dispute',
  event: "Omit<Stripe.EventBase, 'data' | 'type'> & { type: Stripe.Event['type']; data: { object: object; previous_attributes?: object } }",
  invoice: 'Stripe.Invoice | Stripe.DeletedInvoice',
  invoice_payment: 'Stripe.InvoicePayment',
  invoiceitem: 'Stripe.InvoiceItem | Stripe.DeletedInvoiceItem',
  item: 'Stripe.LineItem',
  line_item: 'Stripe.InvoiceLineItem',
  payment_intent: 'Stripe.PaymentIntent',
  payment_link: 'Stripe.PaymentLink',
  payment_method: 'Stripe.PaymentMethod',
  plan: 'Stripe.Plan',
  price: 'Stripe.Price',
  product: 'Stripe.Product',
  promotion_code: 'Stripe.PromotionCode',
  refund: 'Stripe.Refund',
  subscription: 'Stripe.Subscription',
  subscription_item: 'Stripe.SubscriptionItem',
  // The failure's type is in Stripe's reference, not in the package.
  'v2.core.event':
    "Omit<Stripe.V2.Core.EventBase, 'type'> & { type: Stripe.V2.Core.Event['type'] | 'v2.core.health.event_generation_failure.resolved'; related_object: { id: string; type: string; url: string } | null; data?: object }",
  'v2.core.event_destination': 'Stripe.V2.Core.EventDestination',
  webhook_endpoint: 'Stripe.WebhookEndpoint | Stripe.DeletedWebhookEndpoint',
};

/** Writes one definition per line, so that a new version of the package gives a readable diff. */
export function schemaText(definitions: Definitions): string {
  return `${Object.entries(definitions)
    .map((entry) => JSON.stringify(entry))
    .join('\n')}\n`;
}

/** Files that exist only in memory: ours, and TypeScript's own libraries, which are inside the package. */
const ENTRY = 'roots.ts';
const LIBRARIES = '/typescript-libraries';

/** Makes the schema. @param folder the folder from which `stripe` is resolved. */
export function generateSchema(folder: string): Definitions {
  const entry = join(folder, ENTRY);
  const properties = Object.entries(ROOTS).map(([object, type]) => `  ${JSON.stringify(object)}: ${type};`);
  const inMemory = new Map(getLibFiles().map(({ fileName, text }) => [`${LIBRARIES}/${fileName}`, text]));
  inMemory.set(entry, ["import type Stripe from 'stripe';", 'export interface Roots {', ...properties, '}'].join('\n'));
  const options: ts.CompilerOptions = {
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getDefaultLibLocation: () => LIBRARIES,
    getDefaultLibFileName: () => `${LIBRARIES}/lib.es2022.full.d.ts`,
    fileExists: (name) => inMemory.has(name) || disk.fileExists(name),
    readFile: (name) => inMemory.get(name) ?? disk.readFile(name),
    getSourceFile: (name, target, ...rest) => {
      const text = inMemory.get(name);
      return text === undefined ? disk.getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target, true);
    },
  };
  const program = ts.createProgram([entry], options, host);
  const file = program.getSourceFile(entry);
  const problems = ts.getPreEmitDiagnostics(program, file).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  if (!file || problems.length > 0) throw new Error(`The roots of the schema do not compile: ${problems.join('; ')}`);
  return new SchemaWriter(program.getTypeChecker()).write(file);
}

/** True for a type such as `ApiList<LineItem>`: with other arguments the same symbol has another shape. */
function isGeneric(type: ts.Type): boolean {
  const { target } = type as ts.TypeReference;
  return (target?.typeParameters?.length ?? 0) > 0;
}

const NEVER: Schema = { not: {} };

class SchemaWriter {
  readonly #checker: ts.TypeChecker;
  readonly #definitions = new Map<string, Schema>();
  readonly #names = new Map<ts.Symbol, string>();

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  write(file: ts.SourceFile): Definitions {
    const roots = file.statements.find((statement) => ts.isInterfaceDeclaration(statement));
    if (!roots) throw new Error('The entry file has no interface. This is a bug of the generator.');
    for (const root of this.#checker.getTypeAtLocation(roots).getProperties()) {
      this.#definitions.set(root.name, this.#schemaOf(this.#checker.getTypeOfSymbol(root)));
    }
    return Object.fromEntries([...this.#definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #schemaOf(type: ts.Type): Schema {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: this.#checker.typeToString(type) === 'true' };
    if (type.flags & ts.TypeFlags.StringLike || this.#isOtherString(type)) return { type: 'string' };
    if (type.flags & ts.TypeFlags.NumberLike) return { type: 'number' };
    if (type.flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (type.flags & ts.TypeFlags.NonPrimitive) return { type: 'object' };
    if (type.isUnion()) return this.#union(type.types);
    if (this.#checker.isArrayType(type)) {
      const [item] = this.#checker.getTypeArguments(type as ts.TypeReference);
      return { type: 'array', items: item ? this.#schemaOf(item) : {} };
    }
    // The package has a class for it, but in JSON it is text.
    if ((type.aliasSymbol ?? type.getSymbol())?.name === 'Decimal') return { type: 'string' };
    if (this.#isForeign(type)) return NEVER;
    return this.#isNamed(type) ? this.#reference(type) : this.#object(type);
  }

  /** True for `OtherString` in `'a' | 'b' | OtherString`: it means that Stripe may add values. The sandbox never does. */
  #isOtherString(type: ts.Type): boolean {
    return type.isIntersection() && type.types.some(({ flags }) => flags & ts.TypeFlags.String);
  }

  #union(members: readonly ts.Type[]): Schema {
    const defined = members.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const closed = defined.some((member) => member.isStringLiteral()) ? defined.filter((member) => !this.#isOtherString(member)) : defined;
    const reachable = closed.filter((member) => !this.#isForeign(member));
    if (reachable.length === 0) return NEVER;
    const literals = reachable.filter((member) => member.isStringLiteral()).map(({ value }) => value);
    const schemas = reachable.filter((member) => !member.isStringLiteral()).map((member) => this.#schemaOf(member));
    if (literals.length > 0) schemas.unshift(literals.length === 1 ? { const: literals[0] } : { enum: literals.sort() });
    const isBoolean = (schema: Schema): boolean => typeof schema['const'] === 'boolean';
    const parts =
      schemas.filter(isBoolean).length === 2 ? [{ type: 'boolean' }, ...schemas.filter((schema) => !isBoolean(schema))] : schemas;
    const types = parts.map((part) => (Object.keys(part).length === 1 && typeof part['type'] === 'string' ? part['type'] : undefined));
    if (parts.length === 1) return parts[0] ?? {};
    return types.every((each) => each !== undefined) ? { type: types } : { anyOf: parts };
  }

  /** True for an object of Stripe that the sandbox does not have. */
  #isForeign(type: ts.Type): boolean {
    const object = type.getProperty('object');
    const kind = object && this.#checker.getTypeOfSymbol(object);
    return kind?.isStringLiteral() === true && kind.value !== 'list' && !(kind.value in ROOTS);
  }

  #isNamed(type: ts.Type): boolean {
    const symbol = type.getSymbol();
    return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Interface) !== 0 && !type.aliasTypeArguments?.length;
  }

  #reference(type: ts.Type): Schema {
    const symbol = type.getSymbol();
    if (!symbol || isGeneric(type)) return this.#object(type);
    const known = this.#names.get(symbol);
    const unique = known ?? this.#uniqueName(this.#checker.getFullyQualifiedName(symbol));
    if (known === undefined) {
      this.#names.set(symbol, unique);
      this.#definitions.set(unique, {});
      this.#definitions.set(unique, this.#object(type));
    }
    return { $ref: `#/definitions/${unique}` };
  }

  /** Converts `"…/esm/resources/Checkout/Sessions".Session.TotalDetails` to `Checkout.Sessions.Session.TotalDetails`. */
  #uniqueName(qualified: string): string {
    const wanted = qualified.replace(/^".*?\/esm\/(?:resources\/)?(.*)"/, '$1').replaceAll('/', '.');
    let name = wanted;
    for (let count = 2; this.#definitions.has(name); count += 1) name = `${wanted}-${count}`;
    return name;
  }

  #object(type: ts.Type): Schema {
    const index = this.#checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const properties = this.#checker
      .getPropertiesOfType(type)
      .filter((property) => !(property.flags & ts.SymbolFlags.Method))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const required = properties.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional)).map(({ name }) => name);
    return {
      type: 'object',
      ...(properties.length === 0
        ? {}
        : {
            properties: Object.fromEntries(
              properties.map((property) => [property.name, this.#schemaOf(this.#checker.getTypeOfSymbol(property))]),
            ),
          }),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: index ? this.#schemaOf(index.type) : false,
    };
  }
}
