import TacitClient
import TacitWire

extension VaultDoor {
    /// Stores fields as a version of a secret.
    func store(_ parts: [SetFields.Part], _ request: SetRequest, at reference: Reference, ifMatch version: Int64? = nil) throws -> Written {
        var form = MultipartBody()
        defer { form.wipe() }
        form.add("secret", Array(try WireJSON.encode(request)))
        for (position, part) in parts.enumerated() { form.add("field-\(position)", part.value.bytes) }
        return try Self.decode(try answer("PUT", reference.path, body: form.body, contentType: form.contentType, ifMatch: version).body)
    }
}
