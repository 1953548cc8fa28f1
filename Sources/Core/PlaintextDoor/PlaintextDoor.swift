/// Names, at the call, that the caller is about to read plaintext.
///
/// It holds nothing. Its use is its import line: the files that import this module are listed in docs/THREAT-MODEL.md, and
/// `Scripts/check-layers` fails when list and code differ, or when the type stands in any other signature than `withPlaintext`.
package struct PlaintextDoor: Sendable {
    /// Opens the door for one call.
    @inlinable
    package init() {}
}
