extension Glob {
    /// A name that the pattern matches, to ask about: the pattern itself where it has no wildcard, else with a word in the place of each.
    var example: String {
        guard program != nil else { return description }
        let body = description.replacing("**/", with: "").replacing("**", with: "example").replacing("*", with: "example")
        // Two stars that meet, or a `**/` that was all there was, leave nothing to say.
        return matches(body) ? body : description.replacing("**/", with: "any/").replacing("**", with: "example").replacing("*", with: "example")
    }
}
