/// A document as a record keeps it: its data key, wrapped, and what that sealed.
package struct WrappedDocument: Sendable {
    package let key: [UInt8]
    package let document: [UInt8]
    let places: Places

    /// Where the two lie.
    package struct Places: Sendable {
        let key: SealContext
        let document: SealContext

        package init(key: SealContext, document: SealContext) { (self.key, self.document) = (key, document) }

        func require() throws(EnvelopeError) {
            try key.purpose.require(.dataKey)
            try document.purpose.require(.document)
        }
    }

    package init(key: [UInt8], document: [UInt8], in places: Places) { (self.key, self.document, self.places) = (key, document, places) }
}
